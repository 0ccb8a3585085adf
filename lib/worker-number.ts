import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { WORKERS } from "./ids.ts";
import { holdLease } from "./lease/held-lease.ts";
import type { LeaseStore } from "./lease/lease-store.ts";

/**
 * A worker number that is ours, with the span of time that our ids may bear.
 *
 * Why no two holders of a number ever make the same id, although each goes by a clock of its own, may
 * stand still at any moment and borrows from the milliseconds to come:
 *
 * - Before a holder makes an id, a ceiling above it is noted under the number in the store, with a
 *   renewal of its lease. The store takes that only from whoever has the highest token.
 * - Whoever takes the number next reads that note in the same step in which it gets a higher token,
 *   and makes only ids above it. From then on the ceiling of the one before cannot rise any more.
 *
 * So the spans of successive holders do not overlap, even if both make ids at the same time. Neither
 * clocks nor leases have to be right for that; leases only keep numbers from being handed around while
 * they are in use, and are long enough for a ceiling to be past when its number is free again.
 *
 * A store that has forgotten everything (Redis was flushed) is the one case that relies on clocks.
 * What was noted before is then taken to be at most `RESERVE_MS + SLACK_MS` after the moment from
 * which on the store remembers, which is noted as well, under the name `workers`.
 */
export interface WorkerLease {
  readonly worker: number;
  /** Ids of this holder have a later time than this, Unix milliseconds. */
  readonly floorMs: number;
  /** Ids have at most this time, Unix milliseconds. It rises with every renewal. */
  ceilingMs(): number;
  /** Whether nobody else can hold the number now. */
  isHeld(): boolean;
  /** Raises the ceiling now; answers whether that succeeded. Never rejects. */
  renew(): Promise<boolean>;
  /** Gives the number back: no id may be made from the call on. */
  release(): Promise<void>;
}

export interface WorkerOptions {
  /** The highest time of an id so far, Unix milliseconds; 0 = none. */
  lastIdMs: () => number;
  /** The number belongs to somebody else: this process stood still for too long. Called once. */
  onLost?: () => void;
  /** How long a number that is no longer renewed stays ours, in milliseconds. */
  ttlMs?: number;
  /** Unix milliseconds. */
  now?: () => number;
  /** The number to try first, 0 to 127; random when left out, so that nodes do not queue up. */
  start?: number;
}

/** How far a ceiling lies ahead of the clock, in milliseconds: ids go on so long without the store. */
const RESERVE_MS = 5_000;
/** How far ids can go beyond the last one at least, where that is ahead of the clock. */
const BORROW_MS = 2_000;
/** By how much the clocks of two nodes may differ. */
const SLACK_MS = 1_000;
const RENEW_MS = 1_000;
/** More than RESERVE_MS, see above. */
const TTL_MS = 10_000;
/** Room for ids that a new number starts with, in milliseconds; for 32 of them each. */
const HEADROOM_MS = 500;
const LOOK_EVERY_MS = 100;

/**
 * Leases one of the 128 worker numbers, and waits until ids can be made with it: usually at once, up
 * to two seconds after the store was flushed or has just been set up.
 *
 * @param holder who asks, for people who look into the store; made unique here
 * @throws Error when all numbers are taken, and what the store throws
 */
export async function leaseWorker(
  store: LeaseStore,
  holder: string,
  options: WorkerOptions,
): Promise<WorkerLease> {
  const { start = randomInt(WORKERS), ttlMs = TTL_MS } = options;
  // A process that starts anew must not be taken for the one it was before.
  const self = `${holder}:${randomUUID()}`;
  for (let tried = 0; tried < WORKERS; tried++) {
    const lease = await take(store, (start + tried) % WORKERS, self, { ...options, ttlMs });
    if (lease !== null) return lease;
  }
  throw new Error(
    `All ${WORKERS} worker numbers are taken, so no more processes can make ids. ` +
      `The number of one that was killed is free again after ${ttlMs / 1000} s.`,
  );
}

/** Takes this number; null when somebody holds it, or its last ids are of a time far from now. */
async function take(
  store: LeaseStore,
  worker: number,
  self: string,
  options: WorkerOptions & { ttlMs: number },
): Promise<WorkerLease | null> {
  const { ttlMs, lastIdMs, onLost = () => {}, now = Date.now } = options;
  let ceilingMs = 0;
  let ours = false;
  const held = await holdLease(store, `worker:${worker}`, self, {
    ttlMs,
    everyMs: RENEW_MS,
    note: () => String(Math.max(now() + RESERVE_MS, lastIdMs() + BORROW_MS)),
    renewed: (note) => {
      ceilingMs = Math.max(ceilingMs, Number(note));
    },
    onLost: () => ours && onLost(),
  });
  if (held === null) return null;
  try {
    const floorMs = await lastCeiling(store, held.note, now);
    // So much ahead are only ids of a clock that is wrong; others can have the number later.
    if (floorMs > now() + RESERVE_MS + SLACK_MS) return null;
    while (!(await held.renew()) || ceilingMs < floorMs + HEADROOM_MS) {
      if (!held.isHeld()) return null;
      await pause(LOOK_EVERY_MS);
    }
    ours = true;
    return {
      worker,
      floorMs,
      ceilingMs: () => ceilingMs,
      isHeld: held.isHeld,
      renew: held.renew,
      async release() {
        ceilingMs = 0;
        await held.release(String(Math.max(floorMs, lastIdMs())));
      },
    };
  } finally {
    if (!ours) await held.release();
  }
}

/** Up to what time a number may have been used before, Unix milliseconds. */
async function lastCeiling(
  store: LeaseStore,
  note: string | null,
  now: () => number,
): Promise<number> {
  if (note !== null) return Number(note);
  // Asked after the number was taken: had the store been flushed before that, it would say so now.
  return (await remembersSince(store, now)) + RESERVE_MS + SLACK_MS;
}

/**
 * From when on the store remembers, Unix milliseconds; notes it where nobody has. All ask under one
 * name, so nobody waits for another; the release takes effect only if the store was not flushed since
 * the acquisition, or else it would note a time before that.
 */
async function remembersSince(store: LeaseStore, now: () => number): Promise<number> {
  const lease = await store.acquire("workers", "all", RENEW_MS);
  if (lease === null) throw new Error('the lease "workers" is held by somebody who should not');
  if (lease.note !== null) return Number(lease.note);
  const since = now();
  await store.release(lease, String(since));
  return since;
}
