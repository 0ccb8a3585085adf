import { MAX_CONTENT, MAX_ID } from "../../../../contracts/param-rules.ts";
import { params } from "../../../../contracts/params.ts";
import type { DouyinMessage } from "../../../../contracts/short-video.ts";
import { ref } from "../../openapi/schemas.ts";
import { type DouyinRoute, route } from "../route.ts";
import { actionType, id } from "../rules.ts";

const chat = { tag: "chat", auth: "required" } as const;

export const chatRoutes: DouyinRoute[] = [
  route<{ to_user_id: number; action_type: 1; content: string }>({
    ...chat,
    method: "POST",
    path: "/douyin/message/action/",
    summary: "Write to somebody; once answered, the message is kept",
    errors: [
      "NOT_WITH_ONESELF",
      "USER_NOT_FOUND",
      "FRIENDS_ONLY",
      "CONTENT_REFUSED",
      "RATE_LIMITED",
      "SEND_FAILED",
    ],
    params: {
      to_user_id: id,
      action_type: actionType(1),
      content: (params["chat.send"] as { content: { type: string } }).content,
    },
    notes: { action_type: "1", content: `What is said, up to ${MAX_CONTENT} characters` },
    actions: ["chat.send"],
    reply: "json",
    fields: {},
    async perform({ call, params: { to_user_id, content } }) {
      await call("chat.send", { to_user_id, content });
      return {};
    },
  }),
  route<{ to_user_id: number; pre_msg_time?: number }>({
    ...chat,
    method: "GET",
    path: "/douyin/message/chat/",
    summary: "The messages with somebody, ascending, at most 200",
    errors: ["NOT_WITH_ONESELF"],
    params: {
      to_user_id: id,
      pre_msg_time: { type: "number", integer: true, min: 0, max: MAX_ID, optional: true },
    },
    notes: {
      pre_msg_time:
        "create_time of the last message that is known: only later ones; the last ones without it",
    },
    actions: ["chat.history"],
    reply: "json",
    fields: { message_list: { type: "array", items: ref("DouyinMessage") } },
    async perform({ call, params: { to_user_id, pre_msg_time = 0 } }): Promise<{
      message_list: DouyinMessage[];
    }> {
      const { messages } = await call("chat.history", { to_user_id, after_ms: pre_msg_time });
      return { message_list: messages };
    },
  }),
  route({
    ...chat,
    method: "GET",
    path: "/douyin/message/stream/",
    summary: "The caller's messages of all chats, as they come: server-sent events, resumable",
    errors: ["TOO_MANY_VIEWERS"],
    params: params["api.inbox"],
    notes: {
      last_event_id:
        "Resume after this message, as the header Last-Event-ID does, which goes before it; 0: from the first one",
    },
    actions: ["chat.inbox"],
    reply: "stream",
    stream: "inbox",
  }),
];
