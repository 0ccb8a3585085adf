import type { Params } from "../../contracts/actions.ts";
import { fail, failField } from "../../contracts/errors.ts";
import type { LotteryCondition } from "../../contracts/lottery.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";
import type { WordFilter } from "../../lib/word-filter.ts";

type Asked = Params<"lottery.create">;

/** How far ahead a lottery may end, in seconds. */
export const LONGEST = 24 * 3600;
/** Lotteries that may be open in one room at a time. */
export const MAX_OPEN = 100;

/**
 * Refuses those who may not hold a lottery in a room.
 *
 * @throws ProductError NO_ROOM_RIGHT, ROOM_NOT_LIVE
 */
export function requireStage(room: RoomCard, userId: number): void {
  if (room.owner !== userId) fail("NO_ROOM_RIGHT");
  if (!room.is_live) fail("ROOM_NOT_LIVE");
}

/** @throws ProductError BAD_REQUEST unless the end is ahead, and at most a day */
export function requireEnd(endTime: number, nowMs: number): void {
  if (endTime * 1000 <= nowMs) failField("gift.end_time", "is not in the future");
  if (endTime * 1000 > nowMs + LONGEST * 1000)
    failField("gift.end_time", `is more than ${LONGEST / 3600} hours ahead`);
}

/**
 * The condition as it is kept. Blanks around a keyword do not count, neither here nor when it is said.
 *
 * @throws ProductError BAD_REQUEST, or CONTENT_REFUSED for a keyword that nobody would be let say
 */
export function conditionOf(asked: Asked["condition"], words: WordFilter): LotteryCondition {
  const kind = asked?.kind ?? "none";
  const value = (asked?.value ?? "").trim();
  if (kind !== "keyword") {
    if (value !== "") failField("condition.value", "is for keywords only");
    return { kind, value };
  }
  if (value === "") failField("condition.value", "is missing");
  const checked = words.check(value);
  if (checked.refused || checked.text !== value) fail("CONTENT_REFUSED");
  return { kind, value };
}

/** The prize, with masked words masked as in a danmaku. @throws ProductError CONTENT_REFUSED */
export function prizeOf(asked: string, words: WordFilter): string {
  const checked = words.check(asked);
  return checked.refused ? fail("CONTENT_REFUSED") : checked.text;
}
