import type { Result } from "../../../../contracts/actions.ts";
import { ref } from "../../openapi/schemas.ts";
import { withUrls } from "../objects.ts";
import { type Ask, type DouyinRoute, profileActions, route } from "../route.ts";
import { actionType, id } from "../rules.ts";

const userList = { user_list: { type: "array", items: ref("DouyinUser") } };
const whose = { params: { user_id: id }, notes: { user_id: "Whose list" } } as const;

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
];
