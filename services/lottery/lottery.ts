import { fail } from "../../contracts/errors.ts";
import type {
  CancelReason,
  Gift,
  LotteryCondition,
  LotteryStatus,
} from "../../contracts/lottery.ts";
import type { LotteryPromise, LotteryProof } from "../../contracts/objects.ts";

/** What never changes in a lottery once it was created. */
export interface Terms {
  readonly id: number;
  readonly live_id: number;
  readonly owner_id: number;
  readonly prize: string;
  /** How many are to win. */
  readonly places: number;
  readonly create_ms: number;
  /** Unix seconds, as the owner gave it. */
  readonly end_time: number;
  readonly condition: LotteryCondition;
  readonly at_show_end: "cancel" | "draw";
  /** User ids that may not join. */
  readonly blocked: readonly number[];
  /** Lotteries whose winners may not join. */
  readonly after_lotteries: readonly number[];
  /** Seconds that an account must have existed at `create_ms`. */
  readonly min_account_age: number;
  readonly commitment: string;
  /** The round of the beacon that the draw is bound to; null without a beacon. */
  readonly beacon_round: number | null;
}

/** A lottery and how far it has come; without its seed, which only the draw and the proof read. */
export interface Lottery extends Terms {
  readonly status: LotteryStatus;
  readonly cancel_reason: CancelReason | null;
  /** When entry closes, Unix ms: at `end_time`, or earlier if the owner or the show's end wants it. */
  readonly close_ms: number;
  /** Randomness of the beacon's round, hex; empty until it is there, and without a beacon. */
  readonly beacon: string;
  readonly entries_digest: string;
  /** How many took part; 0 before the draw. */
  readonly entrants: number;
  /** When it was drawn or cancelled, Unix ms; 0 before. */
  readonly over_ms: number;
  /** Up to which message keywords have been looked for. */
  readonly scanned: number;
  /** Whether the room was told that there is this lottery. */
  readonly announced: boolean;
}

/** A lottery that is about to be added. */
export interface NewLottery extends Terms {
  readonly seed: string;
  /** What was said up to this message came before the lottery; 0 where nobody asks what was said. */
  readonly scanned: number;
  /** When somebody has to look at it next, Unix ms. */
  readonly due_ms: number;
}

export interface Entrant {
  user_id: number;
  user_name: string;
}

/** Refuses everybody but the owner. @throws ProductError NO_ROOM_RIGHT */
export function requireOwner(lottery: Terms, userId: number): void {
  if (lottery.owner_id !== userId) fail("NO_ROOM_RIGHT");
}

/** @throws ProductError LOTTERY_NOT_DRAWN also when it never will be */
export function requireDrawn(lottery: Lottery): void {
  if (lottery.status !== "drawn") fail("LOTTERY_NOT_DRAWN", { status: lottery.status });
}

/** Why nobody can join any more, or null while they can. */
export function closedBecause(lottery: Lottery, nowMs: number): { status: LotteryStatus } | null {
  if (lottery.status !== "open") return { status: lottery.status };
  return nowMs < lottery.close_ms ? null : { status: "drawing" };
}

/** The lottery as clients see it. */
export function toGift(lottery: Lottery, entrants: number, winners: number[]): Gift {
  return {
    id: lottery.id,
    live_id: lottery.live_id,
    gift: lottery.prize,
    count: lottery.places,
    end_time: lottery.end_time,
    is_end: lottery.status !== "open",
    status: lottery.status,
    cancel_reason: lottery.cancel_reason,
    entrants,
    condition: lottery.condition,
    commitment: lottery.commitment,
    beacon_round: lottery.beacon_round,
    winners,
  };
}

/** What anybody may know of a draw before it. */
export function toPromise(lottery: Lottery): LotteryPromise {
  const { id: lottery_id, commitment, beacon_round } = lottery;
  return { version: 1, lottery_id, commitment, beacon_round };
}

/** What anybody may know of a draw after it. */
export function toProof(lottery: Lottery, seed: string, winners: number[]): LotteryProof {
  const { beacon, entries_digest, entrants } = lottery;
  return {
    ...toPromise(lottery),
    count: lottery.places,
    seed,
    beacon,
    entries_digest,
    entrants,
    winners,
    entrants_url: `entrants?id=${lottery.id}`,
  };
}
