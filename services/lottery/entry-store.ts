import type { Entrant } from "./lottery.ts";

/** Somebody who wants to join, and what became of it. */
export interface Candidate extends Entrant {
  readonly lottery_id: number;
  /** Whether they are among the entrants now, also from an earlier time. */
  entered: boolean;
}

/** Where entrants are kept. */
export interface EntryStore {
  /**
   * Adds everybody whose lottery is open, in one durable commit, and says who is in. Nobody is added
   * to a lottery that somebody freezes at the same time: one waits for the other.
   */
  enter(candidates: Candidate[], nowMs: number): Promise<void>;
  /** Adds people whether or not the lottery is open still, as its lease holder may. */
  add(lotteryId: number, entrants: Entrant[]): Promise<void>;
  /** The next ids of a lottery's entrants above one, ascending. */
  page(lotteryId: number, after: number, limit: number): Promise<number[]>;
  count(lotteryId: number): Promise<number>;
  /** Names of some entrants. */
  names(lotteryId: number, userIds: number[]): Promise<Entrant[]>;
}
