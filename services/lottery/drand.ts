import { setTimeout as delay } from "node:timers/promises";
import type { ChainInfo } from "drand-client";
import { createLru } from "../../lib/lru.ts";
import { type Beacon, BeaconError, type BeaconFault } from "./beacon.ts";
import { fetchRound } from "./drand-relay.ts";
import { isGenuine } from "./drand-verification.ts";

/**
 * drand's chain with a round every three seconds. Pinned: a relay can withhold rounds, but neither
 * make one nor say that another key is right.
 */
export const quicknet: ChainInfo = {
  public_key:
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  period: 3,
  genesis_time: 1_692_803_367,
  hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  groupHash: "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e",
  schemeID: "bls-unchained-g1-rfc9380",
  metadata: { beaconID: "quicknet" },
};

/** Between two times of asking all relays, in ms: rounds come a moment after they are due. */
const RETRY_MS = 500;
/** For one relay to answer, in ms; then the next one is asked. */
const ANSWER_MS = 2000;
/** Rounds remembered: lotteries that end in the same second share one. */
const ROUNDS_KEPT = 64;

export interface DrandOptions {
  /** Addresses, with or without the chain's hash at their end; asked in this order. */
  relays: readonly string[];
  chain: ChainInfo;
  retryMs?: number;
  answerMs?: number;
}

/** One round that is being asked for, by everybody who waits for it. */
interface Flight {
  result: Promise<string>;
  waiters: number;
  abort: AbortController;
  /** What went wrong last, for whoever stops waiting. */
  problem: string;
}

/** Rounds of a drand chain, over the HTTP relays of anybody: what they say is verified. */
export class DrandBeacon implements Beacon {
  readonly #relays: readonly string[];
  readonly #chain: ChainInfo;
  readonly #retryMs: number;
  readonly #answerMs: number;
  readonly #known = createLru<number, string>({ max: ROUNDS_KEPT });
  readonly #flights = new Map<number, Flight>();

  constructor({ relays, chain, retryMs = RETRY_MS, answerMs = ANSWER_MS }: DrandOptions) {
    this.#relays = relays;
    this.#chain = chain;
    this.#retryMs = retryMs;
    this.#answerMs = answerMs;
  }

  /** Round 1 is at genesis; a round at the very second of the end is not after it. */
  roundAfter(endTime: number): number {
    const { genesis_time, period } = this.#chain;
    return endTime < genesis_time ? 1 : Math.floor((endTime - genesis_time) / period) + 2;
  }

  async randomness(round: number, signal: AbortSignal): Promise<string> {
    if (!Number.isSafeInteger(round) || round < 1)
      throw new RangeError(`a round is a positive integer, not ${round}`);
    signal.throwIfAborted();
    const known = this.#known.get(round, 0);
    if (known !== undefined) return known;

    const flight = this.#flights.get(round) ?? this.#take(round);
    flight.waiters += 1;
    try {
      return await unlessAborted(flight.result, signal);
    } catch (error) {
      if (signal.aborted && signal.reason?.name === "TimeoutError")
        throw new BeaconError("unreachable", `round ${round} did not come: ${flight.problem}`);
      throw error;
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0) flight.abort.abort();
    }
  }

  #take(round: number): Flight {
    const abort = new AbortController();
    const flight: Flight = {
      result: Promise.resolve(""),
      waiters: 0,
      abort,
      problem: "it was not due yet",
    };
    flight.result = this.#ask(round, flight).finally(() => {
      if (this.#flights.get(round) === flight) this.#flights.delete(round);
    });
    flight.result.catch(() => {});
    abort.signal.addEventListener("abort", () => {
      if (this.#flights.get(round) === flight) this.#flights.delete(round);
    });
    this.#flights.set(round, flight);
    return flight;
  }

  /** Asks until a relay has a genuine round, all of them have only forged ones, or nobody waits. */
  async #ask(round: number, flight: Flight): Promise<string> {
    const { signal } = flight.abort;
    const dueMs = (this.#chain.genesis_time + (round - 1) * this.#chain.period) * 1000;
    await waitUntil(dueMs, signal);
    for (;;) {
      const faults: BeaconFault[] = [];
      const problems: string[] = [];
      for (const relay of this.#relays) {
        try {
          const randomness = await this.#askOne(relay, round, signal);
          this.#known.set(round, randomness);
          return randomness;
        } catch (error) {
          signal.throwIfAborted();
          faults.push(error instanceof BeaconError ? error.fault : "unreachable");
          problems.push(`${new URL(relay).host}: ${(error as Error).message}`);
        }
      }
      flight.problem = problems.join("; ");
      if (faults.every((fault) => fault === "forged"))
        throw new BeaconError("forged", `round ${round} is not genuine: ${flight.problem}`);
      await delay(this.#retryMs, undefined, { signal });
    }
  }

  async #askOne(relay: string, round: number, signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]);
    const answer = await fetchRound(relay, this.#chain.hash, round, limit);
    if (!(await isGenuine(this.#chain, answer)))
      throw new BeaconError("forged", "the signature is not the chain's");
    return answer.randomness;
  }
}

/** The longest that a timer of Node takes, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

async function waitUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  for (let left = dueMs - Date.now(); left > 0; left = dueMs - Date.now())
    await delay(Math.min(left, LONGEST_MS), undefined, { signal });
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  result.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  return promise;
}
