/** Gathers what many callers want written and commits it together. */
export interface GroupCommit<T> {
  /**
   * Resolves once the write that carries the item has succeeded, and rejects with that write's own
   * error when it failed. Items are written in the order of the calls.
   *
   * @param isUrgent nobody gains by waiting for more items
   * @throws OverloadedError (as a rejection, at once) when `maxPending` items are waiting already
   */
  append(item: T, isUrgent?: boolean): Promise<void>;
  /** Resolves when nothing is pending, whether the writes succeeded or not. */
  drain(): Promise<void>;
  /** Items accepted whose write has not ended, those being written included. */
  readonly pending: number;
}

/** The queue is full: the item was not taken and may be offered again later. */
export class OverloadedError extends Error {
  readonly code = "OVERLOADED";

  constructor(limit: number) {
    super(`${limit} items are waiting to be written`);
    this.name = "OverloadedError";
  }
}

/** Items that share one write, and the one promise that all their callers wait for. */
interface Batch<T> {
  items: T[];
  done: PromiseWithResolvers<void>;
  isUrgent: boolean;
}

/**
 * Creates a group commit. One write runs at a time; what arrives meanwhile gathers for the next, so
 * batches grow with the load and a lone item waits for nothing.
 *
 * An idle group starts its write in `setImmediate`, which runs after all the sockets that are
 * readable in this turn of the event loop were served. A microtask would run between two of them,
 * and the first of many requests that arrived together would be committed alone while the others
 * wait for it.
 *
 * Writes start at least `gatherMs` apart, unless `gatherItems` or an urgent one are waiting: a commit has
 * a price of its own (a flush to disk, a round trip), and whoever speaks in a busy group can wait a moment
 * to share it. An item that comes after a pause waits for nothing.
 *
 * @param options.write commits the items, all or none; it may keep the array
 * @param options.maxBatch most items in one write, at least 1
 * @param options.maxPending most items waiting or being written, at least 1
 * @param options.gatherMs least time between the starts of two writes; 0 = one after the other
 * @param options.gatherItems so many items are worth a write at any time; `maxBatch` when left out
 * @throws RangeError when a limit is not a positive integer
 */
export function createGroupCommit<T>(options: {
  write: (items: T[]) => Promise<void>;
  maxBatch: number;
  maxPending: number;
  gatherMs?: number;
  gatherItems?: number;
}): GroupCommit<T> {
  const { write, maxBatch, maxPending, gatherMs = 0, gatherItems = maxBatch } = options;
  requirePositive("maxBatch", maxBatch);
  requirePositive("maxPending", maxPending);
  requirePositive("gatherItems", gatherItems);

  /** Full ones, then the one that gathers; the batch under way is no longer among them. */
  const waiting: Batch<T>[] = [];
  let pending = 0;
  let running = false;
  let startedAt = Number.NEGATIVE_INFINITY;
  let draining = false;
  /** Ends the wait for more items. */
  let stopGathering: (() => void) | null = null;
  let idle: PromiseWithResolvers<void> | undefined;

  function append(item: T, isUrgent = false): Promise<void> {
    if (pending >= maxPending) return Promise.reject(new OverloadedError(maxPending));
    pending += 1;
    let batch = waiting.at(-1);
    if (batch === undefined || batch.items.length === maxBatch) {
      batch = { items: [], done: Promise.withResolvers<void>(), isUrgent: false };
      waiting.push(batch);
    }
    batch.items.push(item);
    batch.isUrgent ||= isUrgent;
    if (stopGathering !== null && isEnough()) stopGathering();
    if (!running) {
      running = true;
      setImmediate(run);
    }
    return batch.done.promise;
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      if (gatherMs > 0) await gather();
      startedAt = performance.now();
      await commit(waiting.shift() as Batch<T>);
    }
    running = false;
    draining = false;
    idle?.resolve();
    idle = undefined;
  }

  function isEnough(): boolean {
    const { items, isUrgent } = waiting[0] as Batch<T>;
    return draining || isUrgent || items.length >= gatherItems;
  }

  /** Waits until the next write may start. */
  async function gather(): Promise<void> {
    const wait = startedAt + gatherMs - performance.now();
    if (wait <= 0 || isEnough()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      stopGathering = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    stopGathering = null;
  }

  /** Writes one batch and settles it; never throws. */
  async function commit({ items, done }: Batch<T>): Promise<void> {
    const count = items.length;
    try {
      await write(items);
      pending -= count;
      done.resolve();
    } catch (error) {
      pending -= count;
      done.reject(error);
    }
  }

  function drain(): Promise<void> {
    if (!running) return Promise.resolve();
    draining = true;
    stopGathering?.();
    idle ??= Promise.withResolvers<void>();
    return idle.promise;
  }

  return {
    append,
    drain,
    get pending() {
      return pending;
    },
  };
}

function requirePositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} must be a positive integer, got ${value}`);
  }
}
