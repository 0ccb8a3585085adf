import type { LotteryWinner, Prize } from "../../contracts/lottery.ts";
import type { Entrant } from "./lottery.ts";

/** Where winners are kept. They count from the moment their lottery is drawn, not before. */
export interface WinnerStore {
  /** Adds the winners of a lottery in their order; those that are there already stay as they are. */
  add(lotteryId: number, winners: Entrant[]): Promise<void>;
  /** User ids in the order of the draw. */
  ids(lotteryId: number): Promise<number[]>;
  /** The same for several lotteries. */
  idsOf(lotteryIds: number[]): Promise<Map<number, number[]>>;
  list(lotteryId: number): Promise<LotteryWinner[]>;
  /** Who of some people won one of these lotteries. */
  among(lotteryIds: readonly number[], userIds: number[]): Promise<Set<number>>;
  /** What somebody has won in lotteries with ids below one, the newest first. */
  prizes(userId: number, before: number, limit: number): Promise<Prize[]>;
  /** Notes how to reach a winner; false when they are none. */
  claim(lotteryId: number, userId: number, contact: string, claimTime: number): Promise<boolean>;
}
