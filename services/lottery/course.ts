import type { Params } from "../../contracts/actions.ts";
import { errorName } from "../../contracts/errors.ts";
import { firstIdAt } from "../../lib/ids.ts";
import { type Beacon, BeaconError } from "./beacon.ts";
import type { OpenEntrants } from "./draw.ts";
import type { EntryStore } from "./entry-store.ts";
import type { DrawOrder, DrawOutcome } from "./fairness.ts";
import { enterBySaying, type KeywordPorts } from "./keyword-search.ts";
import type { Lottery, Terms } from "./lottery.ts";
import type { DrawStore, LotteryStore } from "./lottery-store.ts";
import type { StepListener } from "./steps.ts";
import type { WinnerStore } from "./winner-store.ts";

export interface CoursePorts extends Omit<KeywordPorts, "entries"> {
  lotteries: Pick<LotteryStore, "find" | "findSeed">;
  draws: DrawStore;
  entries: Pick<EntryStore, "add" | "page" | "names">;
  winners: Pick<WinnerStore, "add" | "ids">;
  beacon: Beacon;
  draw(order: DrawOrder, open: OpenEntrants, signal: AbortSignal): Promise<DrawOutcome>;
  announce(message: Params<"push.announce">): Promise<unknown>;
  now(): number;
  reached: StepListener;
}

/** The right to work on a lottery, and the signal that it is lost. */
export interface Claim {
  id: number;
  token: number;
  lost: AbortSignal;
}

/** Somebody else has taken a lottery over. */
export class ClaimLostError extends Error {
  constructor() {
    super("somebody else carries this lottery on");
    this.name = "ClaimLostError";
  }
}

/** How often keywords are looked for while a lottery is open, in ms. */
const SEARCH_MS = 1_000;
/** How soon again when a room's clock is behind, in ms. */
const CLOCK_MS = 50;
/** How long a beacon may take once its round is due; then the lottery is cancelled. In ms. */
const BEACON_MS = 60_000;
/** How far the clock of a room may be behind ours, in ms. */
const CLOCKS_APART_MS = 60_000;
/** Ids in memory at a time. */
const PAGE = 5_000;
/** Winners whose names are looked up at a time. */
const NAMES = 1_000;

/**
 * The course of a lottery, from the word that there is one to the word who won. Every step is guarded
 * by the claim and may be repeated, so whoever takes over goes on from what the database says.
 */
export class Course {
  readonly #ports: CoursePorts;

  constructor(ports: CoursePorts) {
    this.#ports = ports;
  }

  /**
   * Takes a lottery as far as it goes now.
   *
   * @returns when to look at it again, in Unix ms; null when it is done
   * @throws ClaimLostError
   */
  async carryOn(claim: Claim): Promise<number | null> {
    let lottery = await this.#find(claim);
    if (lottery.status === "open") {
      const againAt = await this.#whileOpen(lottery, claim);
      if (againAt !== null) return againAt;
      lottery = await this.#find(claim);
    }
    if (lottery.status === "drawing") {
      const againAt = await this.#draw(lottery, claim);
      if (againAt !== null) return againAt;
      lottery = await this.#find(claim);
    }
    await this.#announceOutcome(lottery);
    this.#ports.reached("announced", lottery.id);
    return null;
  }

  async #find(claim: Claim): Promise<Lottery> {
    claim.lost.throwIfAborted();
    return (await this.#ports.lotteries.find(claim.id)) ?? lost();
  }

  /** Until it closes; null when it is frozen, or called off. */
  async #whileOpen(lottery: Lottery, claim: Claim): Promise<number | null> {
    const { draws, now, reached } = this.#ports;
    const { id, token } = claim;
    if (!lottery.announced && !(await this.#introduce(lottery, claim))) return null;
    if (now() < lottery.close_ms) {
      if (lottery.condition.kind !== "keyword") return lottery.close_ms;
      await this.#search(lottery, claim);
      return Math.min(now() + SEARCH_MS, lottery.close_ms);
    }
    if (!(await draws.freeze(id, token))) lost();
    reached("frozen", id);
    return null;
  }

  /** Tells the room; false when its show is over, which calls the lottery off. */
  async #introduce(lottery: Lottery, { id, token }: Claim): Promise<boolean> {
    const { draws, now } = this.#ports;
    try {
      await this.#ports.announce(introduction(lottery));
    } catch (error) {
      if (errorName(error) !== "ROOM_NOT_LIVE") throw error;
      if (!(await draws.callOff(id, token, "show_ended", now()))) lost();
      return false;
    }
    if (!(await draws.introduce(id, token))) lost();
    return true;
  }

  /** Whether everybody is in who said the keyword in time. */
  async #search(lottery: Lottery, { id, token }: Claim): Promise<boolean> {
    const { upTo, complete } = await enterBySaying(lottery, this.#ports);
    if (upTo > lottery.scanned) await this.#ports.draws.scanned(id, token, upTo);
    return complete;
  }

  async #draw(lottery: Lottery, claim: Claim): Promise<number | null> {
    const { draws, draw, winners, now, reached } = this.#ports;
    const { id, token } = claim;
    if (lottery.condition.kind === "keyword" && !(await this.#search(lottery, claim)))
      return now() + CLOCK_MS;

    const beacon = await this.#randomness(lottery, claim);
    if (typeof beacon !== "string") return beacon;
    const seed = (await this.#ports.lotteries.findSeed(id)) ?? lost();
    const order = { lottery_id: id, count: lottery.places, seed, beacon };
    const outcome = await draw(order, () => this.#pages(id), claim.lost);
    reached("drawn", id);

    await winners.add(id, await this.#named(id, outcome.winners));
    if (!(await draws.finish(id, token, outcome, now()))) lost();
    reached("stored", id);
    return null;
  }

  /** What the draw is bound to; else when to ask again, or null when the lottery was called off. */
  async #randomness(lottery: Lottery, { id, token, lost: gone }: Claim) {
    const { beacon, draws, now } = this.#ports;
    if (lottery.beacon_round === null || lottery.beacon !== "") return lottery.beacon;
    // Closed early, it still waits for the round that was named when it was created.
    const dueMs = lottery.end_time * 1000;
    if (now() < dueMs) return dueMs;
    try {
      const limit = AbortSignal.any([gone, AbortSignal.timeout(BEACON_MS)]);
      const randomness = await beacon.randomness(lottery.beacon_round, limit);
      if (!(await draws.keepBeacon(id, token, randomness))) lost();
      return randomness;
    } catch (error) {
      if (!(error instanceof BeaconError)) throw error;
      if (!(await draws.callOff(id, token, "no_beacon", now()))) lost();
      return null;
    }
  }

  async *#pages(id: number): AsyncGenerator<number[]> {
    let after = 0;
    for (;;) {
      const page = await this.#ports.entries.page(id, after, PAGE);
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1) as number;
    }
  }

  async #named(id: number, userIds: number[]) {
    const names = new Map<number, string>();
    for (let at = 0; at < userIds.length; at += NAMES) {
      const some = await this.#ports.entries.names(id, userIds.slice(at, at + NAMES));
      for (const { user_id, user_name } of some) names.set(user_id, user_name);
    }
    return userIds.map((user_id) => ({ user_id, user_name: names.get(user_id) ?? "" }));
  }

  /** All are told what became of it; but nobody heard of one that came when the show was over. */
  async #announceOutcome(lottery: Lottery): Promise<void> {
    const { announce, winners } = this.#ports;
    const { id: lottery_id, live_id, status, cancel_reason } = lottery;
    if (cancel_reason === "show_ended" && !lottery.announced) return;
    const ids = status === "drawn" ? await winners.ids(lottery_id) : [];
    await announce({
      live_id,
      type: 4,
      content: JSON.stringify(ids),
      lottery_id,
      since: firstIdAt(lottery.over_ms - CLOCKS_APART_MS),
      ...(cancel_reason === null ? {} : { data: { cancelled: cancel_reason } }),
    });
  }
}

/** How a room hears of a lottery. */
export function introduction({
  id: lottery_id,
  live_id,
  prize: content,
  create_ms,
}: Terms): Params<"push.announce"> {
  const since = firstIdAt(create_ms - CLOCKS_APART_MS);
  return { live_id, type: 3, content, lottery_id, since };
}

function lost(): never {
  throw new ClaimLostError();
}
