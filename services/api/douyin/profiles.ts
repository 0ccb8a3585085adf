import type { DouyinUser } from "../../../contracts/short-video.ts";
import type { Ask } from "./route.ts";

/** Those people who exist, by id, as the viewer sees them. At most 100. */
export async function profiles(ask: Ask, ids: number[]): Promise<Map<number, DouyinUser>> {
  const { users } = await ask.call("user.cards", { user_ids: ids });
  return new Map(
    users.map(({ user_id, username, ...images }) => [
      user_id,
      {
        id: user_id,
        name: username,
        follow_count: 0,
        follower_count: 0,
        is_follow: false,
        ...images,
        total_favorited: "0",
        work_count: 0,
        favorite_count: 0,
      },
    ]),
  );
}
