import type { Result } from "../../../../contracts/actions.ts";
import type { DouyinFriend, DouyinUser } from "../../../../contracts/short-video.ts";
import { ref } from "../../openapi/schemas.ts";
import { withUrls } from "../objects.ts";
import { type Ask, type DouyinRoute, profileActions, route } from "../route.ts";
import { actionType, id } from "../rules.ts";

const userList = { user_list: { type: "array", items: ref("DouyinUser") } };
const whose = { params: { user_id: id }, notes: { user_id: "Whose list" } } as const;

const BULK = 100;

/** Those people, in that order, as the caller sees them. */
async function peopleOf(ask: Ask, { user_ids }: { user_ids: number[] }) {
  const known = await ask.profiles(user_ids);
  return user_ids.flatMap((user_id) => {
    const user = known.get(user_id);
    return user === undefined ? [] : [withUrls(user, ask.url)];
  });
}

function listRoute(
  path: `/douyin/${string}/`,
  action: "relation.following" | "relation.followers",
  summary: string,
): DouyinRoute {
  return route<{ user_id: number }>({
    method: "GET",
    path,
    summary,
    tag: "people",
    auth: "required",
    ...whose,
    actions: [action, ...profileActions],
    reply: "json",
    fields: userList,
    perform: async (ask) => ({
      user_list: await peopleOf(ask, await ask.call(action, ask.params)),
    }),
  });
}

export const relationRoutes: DouyinRoute[] = [
  route<{ to_user_id: number; action_type: 1 | 2 }>({
    method: "POST",
    path: "/douyin/relation/action/",
    summary: "Follow somebody, or no longer; may be repeated",
    tag: "people",
    auth: "required",
    errors: ["NOT_WITH_ONESELF", "USER_NOT_FOUND"],
    params: { to_user_id: id, action_type: actionType(1, 2) },
    notes: { action_type: "1 follow, 2 unfollow" },
    actions: ["relation.follow", "relation.unfollow"],
    reply: "json",
    fields: {},
    perform: ({ call, params: { to_user_id, action_type } }): Promise<Result<"relation.follow">> =>
      call(action_type === 1 ? "relation.follow" : "relation.unfollow", { to_user_id }),
  }),
  listRoute(
    "/douyin/relation/follow/list/",
    "relation.following",
    "Whom somebody follows, the latest first, at most 1,000",
  ),
  listRoute(
    "/douyin/relation/follower/list/",
    "relation.followers",
    "Who follows somebody, the latest first, at most 1,000",
  ),
  route<{ user_id: number }>({
    method: "GET",
    path: "/douyin/relation/friend/list/",
    summary: "Whom somebody follows and is followed by, with the last word to or from the caller",
    tag: "people",
    auth: "required",
    ...whose,
    actions: ["relation.friends", "chat.latest", ...profileActions],
    reply: "json",
    fields: { user_list: { type: "array", items: ref("DouyinFriend") } },
    async perform(ask) {
      const friends = await ask.call("relation.friends", ask.params);
      const [people, words] = await Promise.all([
        peopleOf(ask, friends),
        lastWords(ask, friends.user_ids),
      ]);
      return {
        user_list: people.map((user): DouyinFriend => ({ ...user, ...wordOf(words, user) })),
      };
    },
  }),
];

type Word = Result<"chat.latest">["messages"][number];

async function lastWords(ask: Ask, user_ids: number[]): Promise<Map<number, Word>> {
  const bulks = Array.from({ length: Math.ceil(user_ids.length / BULK) }, (_, n) =>
    ask.call("chat.latest", { user_ids: user_ids.slice(n * BULK, (n + 1) * BULK) }),
  );
  const messages = (await Promise.all(bulks)).flatMap((one) => one.messages);
  return new Map(messages.map((word) => [word.user_id, word]));
}

function wordOf(words: ReadonlyMap<number, Word>, { id }: DouyinUser) {
  const word = words.get(id);
  return { message: word?.content ?? "", msgType: word?.msg_type ?? 0 };
}
