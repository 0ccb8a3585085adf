/** Videos on a page of the feed, at most. */
export const PAGE_SIZE = 30;

/** Times below this are seconds: as ms it is March 1973, as seconds the year 5138. */
const FIRST_MS = 100_000_000_000;

/** Where a page of the feed begins. */
export interface FeedCursor {
  /** The page holds what is older than this, in Unix ms; `Infinity`: from the newest on. */
  beforeMs: number;
  /** What the client counts in. */
  unit: "ms" | "s";
  /** What the client sent; the present when it sent nothing. */
  latestTime: number;
}

/**
 * Reads `latest_time`: Unix ms, or seconds. Absent, 0, or a time in seconds that is not over yet means
 * from the newest on.
 */
export function readCursor(latestTime: number | undefined, nowMs: number): FeedCursor {
  if (latestTime === undefined || latestTime === 0)
    return { beforeMs: Number.POSITIVE_INFINITY, unit: "ms", latestTime: nowMs };
  if (latestTime >= FIRST_MS) return { beforeMs: latestTime, unit: "ms", latestTime };
  const isOver = latestTime < secondOf(nowMs);
  return {
    beforeMs: isOver ? latestTime * 1000 : Number.POSITIVE_INFINITY,
    unit: "s",
    latestTime,
  };
}

/**
 * Makes a page out of the videos older than the cursor, newest first: at most {@link PAGE_SIZE}, and the
 * time to ask for next.
 *
 * No two videos have the same time in ms, so with ms nothing is skipped or repeated. A client that
 * counts in seconds cannot name a place within a second: its page ends where a second ends. When a
 * single second fills more than a page, or is not over yet, the answer names the place in ms, which
 * the next request may be made with just as well.
 *
 * @param found one more than a page holds, if there are as many
 */
export function toPage<V extends { create_ms: number }>(
  found: readonly V[],
  cursor: FeedCursor,
  nowMs: number,
): { videos: V[]; next_time: number } {
  const page = found.slice(0, PAGE_SIZE);
  const oldest = page.at(-1);
  if (oldest === undefined) return { videos: [], next_time: cursor.latestTime };
  if (cursor.unit === "ms") return { videos: page, next_time: oldest.create_ms };

  const beyond = found[PAGE_SIZE];
  const isCut = beyond !== undefined && secondOf(beyond.create_ms) === secondOf(oldest.create_ms);
  const whole = isCut
    ? page.filter((video) => secondOf(video.create_ms) > secondOf(oldest.create_ms))
    : page;
  const last = whole.at(-1);
  if (last === undefined || secondOf(last.create_ms) >= secondOf(nowMs))
    return { videos: page, next_time: oldest.create_ms };
  return { videos: whole, next_time: secondOf(last.create_ms) };
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}
