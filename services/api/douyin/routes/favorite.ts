import { ref } from "../../openapi/schemas.ts";
import { type DouyinRoute, route } from "../route.ts";
import { actionType, id } from "../rules.ts";
import { videoActions, videosOf } from "../videos.ts";

export const favoriteRoutes: DouyinRoute[] = [
  route<{ video_id: number; action_type: 1 | 2 }>({
    method: "POST",
    path: "/douyin/favorite/action/",
    summary: "Like a video, or no longer; may be repeated",
    tag: "videos",
    auth: "required",
    errors: ["VIDEO_NOT_FOUND"],
    params: { video_id: id, action_type: actionType(1, 2) },
    notes: { action_type: "1 like, 2 unlike" },
    actions: ["favorite.like", "favorite.unlike", "video.cards"],
    reply: "json",
    fields: {},
    perform: ({ call, params: { video_id, action_type } }): Promise<object> =>
      call(action_type === 1 ? "favorite.like" : "favorite.unlike", { video_id }),
  }),
  route<{ user_id: number }>({
    method: "GET",
    path: "/douyin/favorite/list/",
    summary: "What somebody likes, the last liked first, at most 1,000",
    tag: "videos",
    auth: "required",
    params: { user_id: id },
    notes: { user_id: "Whose likes" },
    actions: ["favorite.list", ...videoActions],
    reply: "json",
    fields: { video_list: { type: "array", items: ref("DouyinVideo") } },
    async perform(ask) {
      const { video_ids } = await ask.call("favorite.list", ask.params);
      return { video_list: await videosOf(ask, video_ids) };
    },
  }),
];
