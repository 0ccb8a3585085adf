import type { ActionName } from "../../../contracts/actions.ts";
import type { DouyinVideo } from "../../../contracts/short-video.ts";
import { videoCards } from "../../../mixins/profiles.ts";
import { videoWithUrls } from "./objects.ts";
import { type Ask, profileActions } from "./route.ts";

/** What {@link videosOf} calls. */
export const videoActions = [
  "video.cards",
  "comment.counts",
  ...profileActions,
] as const satisfies ActionName[];

/** Ids in one call of video.cards. */
const BULK = 100;

/** Those of the videos that exist, in the order of their ids, as the caller sees them. */
export async function videosOf(ask: Ask, video_ids: readonly number[]): Promise<DouyinVideo[]> {
  const calls: Promise<{ videos: Parameters<typeof videoCards>[1] }>[] = [];
  for (let at = 0; at < video_ids.length; at += BULK)
    calls.push(ask.call("video.cards", { video_ids: video_ids.slice(at, at + BULK) }));
  const rows = (await Promise.all(calls)).flatMap(({ videos }) => videos);
  const byId = new Map(rows.map((row) => [row.video_id, row]));
  const ordered = video_ids.flatMap((id) => byId.get(id) ?? []);
  const cards = await videoCards(ask, ordered, ask.viewer);
  return cards.map((card) => videoWithUrls(card, ask.url));
}
