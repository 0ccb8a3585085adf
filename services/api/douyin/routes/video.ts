import type { ActionName } from "../../../../contracts/actions.ts";
import { failField } from "../../../../contracts/errors.ts";
import { MAX_ID } from "../../../../contracts/param-rules.ts";
import { params } from "../../../../contracts/params.ts";
import { ref } from "../../openapi/schemas.ts";
import { videoWithUrls } from "../objects.ts";
import { type DouyinRoute, profileActions, route } from "../route.ts";
import { id } from "../rules.ts";

/** What puts videos together, as the video service does. */
const assembling = ["comment.counts", ...profileActions] as const satisfies ActionName[];

export const videoRoutes: DouyinRoute[] = [
  route<{ latest_time?: number }>({
    method: "GET",
    path: "/douyin/feed/",
    summary: "Videos, the newest first, at most 30; and who of those followed is live",
    tag: "videos",
    auth: "optional",
    params: { latest_time: { type: "number", integer: true, min: 0, max: MAX_ID, optional: true } },
    notes: { latest_time: "Only older ones: Unix ms, or seconds. The present when absent or 0" },
    actions: ["video.feed", ...assembling],
    reply: "json",
    fields: {
      video_list: { type: "array", maxItems: 30, items: ref("DouyinFeedVideo") },
      next_time: {
        type: "integer",
        minimum: 0,
        description: "The latest_time of the next page: when the oldest one was published",
      },
      live_list: { type: "array", items: ref("FollowedShow") },
    },
    async perform(ask) {
      const { video_list, next_time, live_list } = await ask.call("video.feed", ask.params);
      return {
        video_list: video_list.map((video) => videoWithUrls(video, ask.url)),
        next_time,
        live_list: live_list.map((show) => ({ ...show, cover_url: ask.url(show.cover_url) })),
      };
    },
  }),
  route<{ title: string }>({
    method: "POST",
    path: "/douyin/publish/action/",
    summary: "Publish a video; once answered, it is in every list",
    tag: "videos",
    auth: "required",
    upload: { part: "data", kind: "video", note: "MP4, MOV or WebM, at most an hour and 8K" },
    errors: [
      "NOT_A_VIDEO",
      "NO_VIDEO_TRACK",
      "VIDEO_DAMAGED",
      "VIDEO_TOO_LONG",
      "PICTURE_TOO_LARGE",
      "CONTENT_REFUSED",
      "QUOTA_EXCEEDED",
      "USER_NOT_FOUND",
      "VIDEO_TOOLS_MISSING",
    ],
    params: { title: params["video.publish"].title as object },
    actions: ["video.publish", "user.brief", "storage.admit", "storage.record"],
    reply: "json",
    fields: {},
    async perform({ call, upload, params: { title } }) {
      await call("video.publish", { upload: upload ?? failField("data", "is missing"), title });
      return {};
    },
  }),
  route<{ user_id?: number }>({
    method: "GET",
    path: "/douyin/publish/list/",
    summary: "What somebody published, the newest first, at most 1,000",
    tag: "videos",
    auth: "required",
    params: { user_id: { ...id, optional: true } },
    notes: { user_id: "The caller's own when absent" },
    actions: ["video.by_author", ...assembling],
    reply: "json",
    fields: { video_list: { type: "array", items: ref("DouyinVideo") } },
    async perform(ask) {
      const user_id = ask.params.user_id ?? ask.viewer;
      const { video_list } = await ask.call("video.by_author", { user_id });
      return { video_list: video_list.map((video) => videoWithUrls(video, ask.url)) };
    },
  }),
];
