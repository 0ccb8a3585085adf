import { setTimeout as pause } from "node:timers/promises";
import { fail } from "../contracts/errors.ts";
import { createIdGenerator, ID_EPOCH_MS, type IdGenerator, idTimeMs, isId } from "./ids.ts";
import type { LeaseStore } from "./lease/lease-store.ts";
import { leaseWorker, type WorkerLease } from "./worker-number.ts";

/** Ids of a worker number that is leased, and leased anew when it is lost. */
export interface LeasedIds extends IdGenerator {
  /**
   * The next id, as of any generator.
   *
   * @throws ProductError UNAVAILABLE while the store of leases cannot be reached for more than some
   *   seconds, and for an `above` that lies as far ahead of the clock
   */
  next(above?: number): number;
  /** Whether ids can be made now. */
  isReady(): boolean;
  /** Gives the number back; no ids after that. */
  close(): Promise<void>;
}

const RETRY_MS = 1_000;
const IDS_PER_MS = 2 ** 12;

/** A number, and what makes ids with it. */
interface Source {
  lease: WorkerLease;
  ids: IdGenerator;
}

/**
 * Leases a worker number and makes ids with it.
 *
 * @param holder who asks, for people who look into the store
 * @throws Error when all worker numbers are taken, and what the store throws
 */
export async function leaseIds(
  store: LeaseStore,
  holder: string,
  options: { now?: () => number; start?: number } = {},
): Promise<LeasedIds> {
  const { now = Date.now, start } = options;
  let lastId = 0;
  /** The highest time that an id got, given away or refused. */
  let reachedMs = 0;
  let closed = false;
  let source = await open();

  async function open(): Promise<Source> {
    const lease = await leaseWorker(store, holder, {
      lastIdMs: () => reachedMs,
      onLost: () => void reopen(),
      now,
      ...(start === undefined ? {} : { start }),
    });
    return { lease, ids: createIdGenerator({ worker: lease.worker, now }) };
  }

  /** Meanwhile the ids up to the ceiling of the lost number remain ours. */
  async function reopen(): Promise<void> {
    while (!closed) {
      try {
        const next = await open();
        if (closed) await next.lease.release();
        else source = next;
        return;
      } catch {
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  function refuse(lease: WorkerLease): never {
    if (!closed) void lease.renew();
    return fail("UNAVAILABLE", { retry_after_ms: RETRY_MS });
  }

  return {
    get worker() {
      return source.lease.worker;
    },
    next(above = 0) {
      if (above !== 0 && !isId(above)) throw new RangeError(`not an id to go on from: ${above}`);
      const { lease, ids } = source;
      const ceilingMs = lease.ceilingMs();
      const least = Math.max(above, lastId, lastIdOf(lease.floorMs));
      // Asked before the generator is: it never goes back from where it was led.
      if (Math.max(now(), idTimeMs(least), reachedMs) > ceilingMs) refuse(lease);
      const id = ids.next(least);
      reachedMs = idTimeMs(id);
      if (reachedMs > ceilingMs) refuse(lease);
      lastId = id;
      return id;
    },
    isReady: () => Math.max(now(), reachedMs) <= source.lease.ceilingMs(),
    async close() {
      closed = true;
      await source.lease.release();
    },
  };
}

/** The highest id of a millisecond. */
function lastIdOf(unixMs: number): number {
  return Math.max(0, (Math.floor(unixMs) + 1 - ID_EPOCH_MS) * IDS_PER_MS - 1);
}
