import type { PushBatch } from "../../../contracts/events.ts";
import type { HubRoom } from "./hub-room.ts";

/** Batches kept while a hole is being filled. */
const MAX_HELD = 1000;

/**
 * Puts batches in order before a room delivers them. Every batch names the id before its first
 * message: one that does not follow the last one delivered shows a hole, and the room's owner is
 * asked for what is missing; one that overlaps is cut. A lost or repeated packet between nodes thus
 * never becomes a lost or doubled danmaku, and the news of a show's end overtakes none.
 */
export class Inbox {
  private readonly room: HubRoom;
  private readonly fetch: (after: number) => Promise<PushBatch[] | null>;
  private held: PushBatch[] = [];
  /** There is a hole: what comes is held until it is filled. */
  private broken = false;
  private asking = false;
  /** The last id that the owner has told of; 0 when that is here, or on its way. */
  private expected = 0;
  private due = false;

  /** @param fetch asks the owner for what came after an id; null when its tail is too short */
  constructor(room: HubRoom, fetch: (after: number) => Promise<PushBatch[] | null>) {
    this.room = room;
    this.fetch = fetch;
  }

  accept(batch: PushBatch): void {
    if (this.room.ended) return;
    if (this.broken) this.hold(batch);
    else if (batch.prev > this.room.lastId) {
      this.broken = true;
      this.hold(batch);
      void this.repair();
    } else this.deliver(batch);
  }

  /**
   * The owner says that it has pushed up to this id. If that is not here when `retry` is called for
   * the second time from now, it was lost: in a quiet room no later batch would show the hole.
   */
  expect(last: number): void {
    if (last <= this.room.lastId || this.expected !== 0) return;
    this.expected = last;
    this.due = false;
  }

  /** Tries again to fill a hole, if there is one. To be called now and then. */
  retry(): void {
    if (this.expected !== 0) this.lookForExpected();
    if (this.broken && !this.asking) void this.repair();
  }

  private lookForExpected(): void {
    if (this.expected <= this.room.lastId || this.room.ended) this.expected = 0;
    else if (this.due) {
      this.expected = 0;
      this.broken = true;
    } else this.due = true;
  }

  /**
   * The show is over, but its room did not hear of it: delivers what else it did not hear, then ends.
   *
   * @throws what `fetch` throws; the room has not ended then
   */
  async end(): Promise<void> {
    for (let from = -1; from < this.room.lastId; ) {
      from = this.room.lastId;
      const missing = await this.fetch(from);
      if (missing === null) this.room.restart(from);
      // An answer holds as much as fits into it: the next one goes on from there.
      for (const batch of missing ?? []) this.deliver(batch);
    }
    this.room.end();
  }

  /** Fills the hole before the batches that are held; a failed attempt is repeated by `retry`. */
  private async repair(): Promise<void> {
    const from = this.room.lastId;
    let missing: PushBatch[] | null;
    this.asking = true;
    try {
      missing = await this.fetch(from);
    } catch {
      // The owner is away for the moment: what comes meanwhile is held, the hub retries.
      return;
    } finally {
      this.asking = false;
    }
    for (const batch of missing ?? []) this.deliver(batch);

    // Disorder on the way may look like a hole, or like several.
    const held = this.held.toSorted((a, b) => a.prev - b.prev);
    const [first] = held;
    // Who was asked does not have it, maybe for good: asking again and again would not help.
    const lost = this.room.lastId === from && first !== undefined && first.prev > from;
    if (lost) this.room.restart(first.prev);
    this.held = [];
    this.broken = false;
    for (const batch of held) this.accept(batch);
  }

  private deliver(batch: PushBatch): void {
    const { lastId } = this.room;
    if (batch.prev === lastId || batch.ids.length === 0) this.room.deliver(batch);
    else if ((batch.ids.at(-1) as number) > lastId) this.room.deliver(cut(batch, lastId));
    if (batch.ended) this.room.end();
  }

  private hold(batch: PushBatch): void {
    // Too much to hold: the oldest go, which only makes the hole larger that is being filled.
    if (this.held.length >= MAX_HELD) this.held.shift();
    this.held.push(batch);
  }
}

/** The part of a batch after an id inside it. */
function cut(batch: PushBatch, after: number): PushBatch {
  const first = batch.ids.findIndex((id) => id > after);
  const start = batch.text.indexOf(`id: ${batch.ids[first]}\n`);
  return { ...batch, prev: after, ids: batch.ids.slice(first), text: batch.text.slice(start) };
}
