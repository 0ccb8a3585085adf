import type { PushBatch } from "../../contracts/events.ts";

/** The recent past of a room: contiguous batches, each one's `prev` the last id of the one before. */
export interface StoredTail {
  /** The id before the first batch. */
  prev: number;
  batches: PushBatch[];
}

/**
 * Where a room's tail outlives its owner. Every change names the fencing token of the owner's lease:
 * the store knows the highest one it has seen of each room and refuses lower ones ("fenced"), for
 * good. So of two who both believe to own a room, one writes.
 *
 * Whatever is stored is contiguous. A batch that does not follow the last one is not taken ("gap"):
 * the store has lost something, or an append before it has failed. Then the owner puts down all that
 * it remembers with `replace`; `keepBatches` does that.
 *
 * All calls can be repeated when an answer was lost. A room nobody writes to is forgotten after a
 * while, tail and token.
 */
export interface TailStore {
  /**
   * What is kept of a room; null when nothing is. Lower tokens are refused from then on, so that what
   * the owner before still has in hand cannot slip in after it was read.
   */
  load(liveId: number, token: number): Promise<StoredTail | null | "fenced">;

  /**
   * Adds batches that follow one another, all or none; the oldest ones go when the others suffice.
   * When they are there already, that is "ok". Where nothing is kept, only the first batch of a room
   * (`prev` 0) is taken, with what follows it.
   *
   * @throws RangeError when they are none or not contiguous, or one has no ids
   */
  append(liveId: number, token: number, ...batches: PushBatch[]): Promise<"ok" | "fenced" | "gap">;

  /**
   * Keeps this tail instead of what was there; an empty one says which id the next batch follows.
   *
   * @throws RangeError when the batches are not contiguous
   */
  replace(liveId: number, token: number, tail: StoredTail): Promise<"ok" | "fenced">;

  /** Forgets the tail; lower tokens are refused still. */
  drop(liveId: number): Promise<void>;
}

export interface TailLimits {
  /** How many messages are kept of a room at least, once there were so many; default 1,000. */
  messages?: number;
  /** When a room that nobody writes to is forgotten, in milliseconds; default an hour. */
  ttlMs?: number;
}

export const TAIL_LIMITS: Required<TailLimits> = { messages: 1_000, ttlMs: 3_600_000 };

/**
 * Adds batches, or where the store has a gap, all that the owner remembers.
 *
 * @param whole the owner's tail with these batches
 */
export async function keepBatches(
  store: TailStore,
  room: { liveId: number; token: number },
  batches: PushBatch[],
  whole: () => StoredTail,
): Promise<"ok" | "fenced"> {
  const { liveId, token } = room;
  const kept = await store.append(liveId, token, ...batches);
  return kept === "gap" ? store.replace(liveId, token, whole()) : kept;
}

/** The last id of a batch. */
export function lastIdOf(batch: PushBatch): number {
  return batch.ids.at(-1) ?? batch.prev;
}

/** Throws a RangeError when the batch has no ids or they do not ascend from `prev`. */
function checkBatch({ prev, ids }: PushBatch): void {
  if (ids.length === 0) throw new RangeError("a batch without ids has no place in a tail");
  let before = prev;
  for (const id of ids) {
    if (!(id > before)) throw new RangeError(`ids of a batch must ascend: ${id} after ${before}`);
    before = id;
  }
}

/**
 * Throws a RangeError when a batch has no ids, or does not follow the one before it.
 *
 * @returns the last id of all
 */
export function checkChain(prev: number, batches: PushBatch[]): number {
  let last = prev;
  for (const batch of batches) {
    checkBatch(batch);
    if (batch.prev !== last) throw new RangeError(`a batch after ${batch.prev} follows ${last}`);
    last = lastIdOf(batch);
  }
  return last;
}

/** The first of some batches; throws a RangeError when there is none. */
export function firstOf([first]: PushBatch[]): PushBatch {
  if (first === undefined) throw new RangeError("there is no batch to add");
  return first;
}

/** The end of a tail that has at least so many messages; throws a RangeError when it has holes. */
export function endOf(tail: StoredTail, messages: number): StoredTail {
  const last = checkChain(tail.prev, tail.batches);
  let first = tail.batches.length;
  for (let count = 0; first > 0 && count < messages; first--)
    count += tail.batches[first - 1]?.ids.length ?? 0;
  return { prev: tail.batches[first]?.prev ?? last, batches: tail.batches.slice(first) };
}

/** How many messages there are in all batches. */
export function countMessages(batches: PushBatch[]): number {
  return batches.reduce((count, { ids }) => count + ids.length, 0);
}
