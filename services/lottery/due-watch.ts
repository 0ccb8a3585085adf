import { type Claim, ClaimLostError } from "./course.ts";
import type { ClaimStore, DueLottery } from "./lottery-store.ts";
import type { StepListener } from "./steps.ts";

export interface DueWatchPorts {
  claims: ClaimStore;
  /** Answers when to look at it again, in Unix ms; null for never. */
  carryOn(claim: Claim): Promise<number | null>;
  newToken(): number;
  now(): number;
  random(): number;
  reached: StepListener;
  failed(what: { lottery_id: number | null }, error: unknown): void;
}

/** Others take a lottery over when its lease was not renewed for this long, in ms. */
export const LEASE_MS = 2_000;
const RENEW_MS = 500;
/**
 * How often the database is asked what is due, in ms; at random around it, so that nodes take turns. It
 * also says what is due next: whoever knows of that looks sooner.
 */
const LOOK_MS = 1_000;
/** Nodes look at most this long after something is due, in ms; at random, so that they take turns. */
const SPREAD_MS = 100;
/** Lotteries that one node works on at a time. */
const AT_ONCE = 24;

/**
 * Finds lotteries that are due and carries each on under a lease. Every node does; the database says
 * who was first. Nothing is remembered here, so it does not matter who dies.
 */
export class DueWatch {
  readonly #ports: DueWatchPorts;
  readonly #working = new Map<number, Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #stopping = new AbortController();

  constructor(ports: DueWatchPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#lookIn(0);
  }

  /** Gives up what is under way; others, or the next start, go on from there. */
  async stop(): Promise<void> {
    this.#stopping.abort(new ClaimLostError());
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#working.values());
  }

  /** Looks soon, as something has just become due. */
  hurry(): void {
    if (this.#timer !== null) this.#lookIn(0);
  }

  #lookIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#looking = this.#look();
    }, delayMs);
  }

  async #look(): Promise<void> {
    const { claims, now, random, failed } = this.#ports;
    let delayMs = LOOK_MS * (0.5 + random());
    try {
      const free = AT_ONCE - this.#working.size;
      if (free > 0) {
        // Including those that are worked on, by whomever: their lease may run out.
        const next = await claims.next(free);
        const due = next.filter(({ due_ms }) => due_ms <= now());
        for (const one of due) await this.#take(one);
        // There may be more, as soon as one of these is done.
        if (due.length === free) delayMs = 10;
        else delayMs = Math.min(delayMs, this.#until(next[due.length]));
      } else delayMs = 10;
    } catch (error) {
      failed({ lottery_id: null }, error);
    }
    this.#lookIn(delayMs);
  }

  /** When to look again for the sake of the one that is due next, in ms from now. */
  #until(next: DueLottery | undefined): number {
    const { now, random } = this.#ports;
    if (next === undefined) return LOOK_MS * 2;
    return Math.max(0, next.due_ms - now()) + SPREAD_MS * random();
  }

  async #take(due: DueLottery): Promise<void> {
    const { claims, newToken, now, reached } = this.#ports;
    if (this.#stopping.signal.aborted || this.#working.has(due.id)) return;
    const token = newToken();
    if (!(await claims.claim(due, token, now() + LEASE_MS))) return;
    reached("claimed", due.id);
    const work = this.#work(due.id, token).finally(() => this.#working.delete(due.id));
    this.#working.set(due.id, work);
  }

  async #work(id: number, token: number): Promise<void> {
    const { claims, carryOn, reached, failed } = this.#ports;
    const lease = new AbortController();
    const renewing = this.#keep(id, token, lease);
    const gone = AbortSignal.any([lease.signal, this.#stopping.signal]);
    try {
      const againMs = await carryOn({ id, token, lost: gone });
      if ((await claims.release(id, token, againMs)) && againMs === null) reached("closed", id);
    } catch (error) {
      // The lease runs out by itself, which is when it is tried again.
      if (!gone.aborted && !(error instanceof ClaimLostError)) failed({ lottery_id: id }, error);
      if (this.#stopping.signal.aborted) await this.#handOver(id, token);
    } finally {
      clearInterval(renewing);
    }
  }

  /** Lets others go on at once. */
  async #handOver(id: number, token: number): Promise<void> {
    const { claims, now, failed } = this.#ports;
    try {
      await claims.release(id, token, now());
    } catch (error) {
      failed({ lottery_id: id }, error);
    }
  }

  /** Renews a lease until the interval is cleared or the lease is lost. */
  #keep(id: number, token: number, lease: AbortController): NodeJS.Timeout {
    const { claims, now, failed } = this.#ports;
    return setInterval(() => {
      claims.renew(id, token, now() + LEASE_MS).then(
        (held) => {
          if (!held) lease.abort(new ClaimLostError());
        },
        (error) => failed({ lottery_id: id }, error),
      );
    }, RENEW_MS);
  }
}
