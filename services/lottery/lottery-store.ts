import type { CancelReason } from "../../contracts/lottery.ts";
import type { DrawOutcome } from "./fairness.ts";
import type { Lottery, NewLottery } from "./lottery.ts";

/** Where lotteries are kept. Whatever moves one is guarded: of several who try, one succeeds. */
export interface LotteryStore {
  insert(lottery: NewLottery): Promise<void>;
  find(id: number): Promise<Lottery | null>;
  findSeed(id: number): Promise<string | null>;
  /** A room's lotteries with ids below one, the newest first. */
  ofRoom(liveId: number, before: number, limit: number): Promise<Lottery[]>;
  countOpen(liveId: number): Promise<number>;
  /** Ids of the lotteries that an owner drew last. */
  lastDrawn(ownerId: number, limit: number): Promise<number[]>;
  /** Notes that the room was told of a new lottery, and when to look at it again. */
  introduced(id: number, dueMs: number): Promise<void>;
  /** False when it is not open any more. */
  cancel(id: number, reason: CancelReason, nowMs: number): Promise<boolean>;
  /** Closes entry now; false when it is closed already. */
  close(id: number, nowMs: number): Promise<boolean>;
  /** Cancels or closes the open lotteries of a room, as their owner chose; answers how many. */
  showEnded(liveId: number, nowMs: number): Promise<number>;
  /** Rooms with ids above one that have open lotteries, ascending. */
  openRooms(after: number, limit: number): Promise<number[]>;
}

/** A lottery that waits for work, and since when (Unix ms). */
export interface DueLottery {
  id: number;
  due_ms: number;
}

/**
 * Who works on which lottery. A lease is the lottery's `due_ms` in the future and its holder's token;
 * when it runs out, the lottery is due again, and whoever takes it over has another token.
 */
export interface ClaimStore {
  /** What is due or will be, the earliest first. */
  next(limit: number): Promise<DueLottery[]>;
  /** False when somebody else was faster. */
  claim(due: DueLottery, token: number, untilMs: number): Promise<boolean>;
  /** False when the lease is lost. */
  renew(id: number, token: number, untilMs: number): Promise<boolean>;
  /** Gives a lottery back, to be looked at again at a time, or never with null. */
  release(id: number, token: number, dueMs: number | null): Promise<boolean>;
}

/** What the holder of a lottery's lease does to it. Each answers false when the lease is lost. */
export interface DrawStore {
  introduce(id: number, token: number): Promise<boolean>;
  /** From here on nobody joins: waits for those who are just doing so. */
  freeze(id: number, token: number): Promise<boolean>;
  /** Notes up to which message keywords were looked for. */
  scanned(id: number, token: number, upTo: number): Promise<void>;
  keepBeacon(id: number, token: number, randomness: string): Promise<boolean>;
  finish(id: number, token: number, drawn: DrawOutcome, nowMs: number): Promise<boolean>;
  callOff(id: number, token: number, reason: CancelReason, nowMs: number): Promise<boolean>;
}
