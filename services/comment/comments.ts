import { fail } from "../../contracts/errors.ts";
import type { VideoComment } from "../../contracts/short-video.ts";
import type { FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { idTimeMs, MAX_ID } from "../../lib/ids.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import type { CommentRow } from "./comment.model.ts";

/** Comments that are read at a time, and that a list has at most: the newest. */
export const PAGE = 200;
export const MAX_LIST = 1_000;

/**
 * A comment as it will be shown: without blanks at its ends, and with masked words.
 *
 * @throws CONTENT_REFUSED when it has a word that is not to be said
 */
export function wording(text: string, words: WordFilter): string {
  const verdict = words.check(text.trim());
  if (verdict.refused) fail("CONTENT_REFUSED");
  return verdict.text;
}

/**
 * Only who wrote a comment and whose video it is about may delete it.
 *
 * @throws COMMENT_NOT_FOUND when it is not there, or about another video; NO_COMMENT_RIGHT
 */
export function requireRight(
  user_id: number,
  video_id: number,
  comment: CommentRow | null,
): asserts comment is CommentRow {
  if (comment === null || comment.video_id !== video_id) fail("COMMENT_NOT_FOUND");
  if (comment.user_id !== user_id && comment.author_id !== user_id) fail("NO_COMMENT_RIGHT");
}

export function toComment({ id, user_id, content }: CommentRow): VideoComment {
  return { comment_id: id, user_id, content, create_ms: idTimeMs(id) };
}

/** The newest comments, newest first, read page by page. */
export async function newest(
  readOlder: (before: number, limit: number) => Promise<CommentRow[]>,
): Promise<CommentRow[]> {
  const found: CommentRow[] = [];
  let before = MAX_ID;
  while (found.length < MAX_LIST) {
    const page = await readOlder(before, Math.min(PAGE, MAX_LIST - found.length));
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    before = last.id;
  }
  return found;
}

/** How many comments each of the videos has, in the order they were asked for. */
export async function countComments(
  video_ids: readonly number[],
  cached: FleetingCache<number>,
  find: (video_ids: readonly number[]) => Promise<Map<number, number>>,
): Promise<{ video_id: number; comment_count: number }[]> {
  const { found, missing, keep } = await cached.lookUp(video_ids);
  const counted = await find(missing);
  const loaded = new Map(missing.map((id) => [id, counted.get(id) ?? 0]));
  keep(loaded);
  return video_ids.map((video_id) => ({
    video_id,
    comment_count: found.get(video_id) ?? loaded.get(video_id) ?? 0,
  }));
}
