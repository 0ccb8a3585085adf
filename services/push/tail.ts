import type { PushBatch } from "../../contracts/events.ts";
import { lastIdOf } from "../../lib/tail-store/tail-store.ts";

/** How many messages of a room can be resumed from memory. */
export const TAIL_MESSAGES = 1000;

/**
 * The recent past of a room: the batches as they were pushed, so that whoever missed some gets the
 * very same ones. Batches are contiguous: each one's `prev` is the last id of the one before.
 */
export class Tail {
  private batches: PushBatch[] = [];
  private messages = 0;
  /** The id before the oldest batch kept. */
  prev: number;

  /** @param prev the id before everything that will be added */
  constructor(prev: number) {
    this.prev = prev;
  }

  /** The last id pushed; 0 before the first one of a room. */
  get last(): number {
    return this.batches.at(-1)?.ids.at(-1) ?? this.prev;
  }

  add(batch: PushBatch): void {
    if (batch.prev !== this.last) throw new Error("a batch must follow the last one");
    this.batches.push(batch);
    this.messages += batch.ids.length;
    while (this.batches.length > 1) {
      const oldest = this.batches[0] as PushBatch;
      if (this.messages - oldest.ids.length < TAIL_MESSAGES) break;
      this.batches.shift();
      this.messages -= oldest.ids.length;
      this.prev = oldest.ids.at(-1) ?? this.prev;
    }
  }

  /** What came after a cursor, or null when the tail does not reach back to it. */
  since(after: number): PushBatch[] | null {
    if (after < this.prev) return null;
    return this.batches.filter((batch) => (batch.ids.at(-1) ?? 0) > after);
  }

  all(): PushBatch[] {
    return this.batches.slice();
  }

  /**
   * As much of the tail as one answer may hold: from `after` on, or, when that is null or too long
   * ago, the latest.
   *
   * @param upTo nothing after this id
   */
  excerpt(after: number | null, upTo: number): { prev: number; batches: PushBatch[] } {
    const known = this.batches.filter((batch) => lastIdOf(batch) <= upTo);
    const missing = after === null ? null : this.since(after);
    if (missing === null) {
      const batches = fitting(known.reverse()).reverse();
      return { prev: batches[0]?.prev ?? Math.min(this.last, Math.max(upTo, this.prev)), batches };
    }
    const batches = fitting(known.filter((batch) => lastIdOf(batch) > (after ?? 0)));
    return { prev: batches[0]?.prev ?? Math.min(after ?? 0, upTo), batches };
  }
}

/** NATS takes a megabyte by default. A character has at most three bytes, an id about sixteen digits. */
const MAX_BYTES = 700_000;

/** The first ones, at least one, that travel in one packet. */
function fitting(batches: PushBatch[]): PushBatch[] {
  let bytes = 0;
  const end = batches.findIndex(({ text, ids }) => {
    bytes += text.length * 3 + ids.length * 17;
    return bytes > MAX_BYTES;
  });
  return end === -1 ? batches : batches.slice(0, Math.max(1, end));
}
