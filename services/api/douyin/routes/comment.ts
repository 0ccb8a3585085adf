import { failField } from "../../../../contracts/errors.ts";
import type { DouyinComment, VideoComment } from "../../../../contracts/short-video.ts";
import { ref } from "../../openapi/schemas.ts";
import { monthDay, withUrls } from "../objects.ts";
import { type Ask, type DouyinRoute, profileActions, route } from "../route.ts";
import { actionType, id } from "../rules.ts";

interface Action {
  video_id: number;
  action_type: 1 | 2;
  comment_text?: string;
  comment_id?: number;
}

/** Those comments whose authors exist, as the caller sees them. */
async function shown(ask: Ask, comments: readonly VideoComment[]): Promise<DouyinComment[]> {
  const users = await ask.profiles(comments.map(({ user_id }) => user_id));
  return comments.flatMap(({ comment_id, user_id, content, create_ms }) => {
    const user = users.get(user_id);
    if (user === undefined) return [];
    return {
      id: comment_id,
      user: withUrls(user, ask.url),
      content,
      create_date: monthDay(create_ms),
    };
  });
}

async function say(ask: Ask<Action>): Promise<object> {
  const { video_id, comment_text = failField("comment_text", "is required") } = ask.params;
  const { comment } = await ask.call("comment.create", { video_id, comment_text });
  return { comment: (await shown(ask, [comment]))[0] };
}

async function remove(ask: Ask<Action>): Promise<object> {
  const { video_id, comment_id = failField("comment_id", "is required") } = ask.params;
  return await ask.call("comment.remove", { video_id, comment_id });
}

export const commentRoutes: DouyinRoute[] = [
  route<Action>({
    method: "POST",
    path: "/douyin/comment/action/",
    summary: "Comment on a video, or delete a comment",
    tag: "videos",
    auth: "required",
    errors: ["VIDEO_NOT_FOUND", "CONTENT_REFUSED", "COMMENT_NOT_FOUND", "NO_COMMENT_RIGHT"],
    params: {
      video_id: id,
      action_type: actionType(1, 2),
      comment_text: { type: "string", optional: true },
      comment_id: { ...id, optional: true },
    },
    notes: {
      action_type: "1 comment, 2 delete",
      comment_text: "With action_type 1: 1 to 500 characters, not blank",
      comment_id: "With action_type 2; of the caller, or of anybody about the caller's video",
    },
    actions: ["comment.create", "comment.remove", "video.cards", ...profileActions],
    reply: "json",
    fields: { "comment?": ref("DouyinComment") },
    perform: (ask) => (ask.params.action_type === 1 ? say(ask) : remove(ask)),
  }),
  route<{ video_id: number }>({
    method: "GET",
    path: "/douyin/comment/list/",
    summary: "Comments on a video, newest first, at most 1,000",
    tag: "videos",
    auth: "optional",
    errors: ["VIDEO_NOT_FOUND"],
    params: { video_id: id },
    actions: ["comment.list", "video.cards", ...profileActions],
    reply: "json",
    fields: { comment_list: { type: "array", items: ref("DouyinComment") } },
    async perform(ask) {
      const { comments } = await ask.call("comment.list", ask.params);
      return { comment_list: await shown(ask, comments) };
    },
  }),
];
