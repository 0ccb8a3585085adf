import type { DouyinVideo } from "../../../contracts/short-video.ts";
import { createIdGenerator } from "../../../lib/ids.ts";
import { api, inDatabase, type Member } from "./suite.ts";

const ids = createIdGenerator({ worker: 77 });

/** A video that is listed without having been uploaded. */
export async function listedVideo(author: Member, title = "a video"): Promise<number> {
  const id = ids.next();
  await inDatabase(
    "INSERT INTO videos (id, author_id, content, container, title, create_ms) VALUES (?, ?, ?, ?, ?, ?)",
    // Long ago: what other tests publish is newer.
    [id, author.user_id, "c0ffee".padEnd(64, "0"), "mp4", title, id % 1_000_000_000],
  );
  return id;
}

/** What somebody likes, as the viewer sees it. */
export async function likedBy({ user_id }: Member, viewer: Member): Promise<DouyinVideo[]> {
  const { video_list } = await api.ok<{ video_list: DouyinVideo[] }>("GET /douyin/favorite/list/", {
    query: { user_id, token: viewer.token },
  });
  return video_list;
}

export async function like(who: Member, video_id: number, action_type = 1): Promise<void> {
  const query = { token: who.token, video_id, action_type };
  await api.ok("POST /douyin/favorite/action/", { query });
}

export const typesOf = (value: object): Record<string, string> =>
  Object.fromEntries(Object.entries(value).map(([name, field]) => [name, typeof field]));
