import type { PushBatch } from "../../../contracts/events.ts";
import type { HubRoom } from "./hub-room.ts";

/** Batches kept while a hole is being filled. */
const MAX_HELD = 1000;

/**
 * Puts batches in order before a room delivers them. Every batch names the id before its first
 * message: one that does not follow the last one delivered shows a hole, and the room's owner is
 * asked for what is missing; one that overlaps is cut. A lost or repeated packet between nodes thus
 * never becomes a lost or doubled danmaku.
 */
export class Inbox {
  private readonly room: HubRoom;
  private readonly fetch: (after: number) => Promise<PushBatch[] | null>;
  private held: PushBatch[] = [];
  private repairing = false;

  /** @param fetch asks the owner for what came after an id; null when its tail is too short */
  constructor(room: HubRoom, fetch: (after: number) => Promise<PushBatch[] | null>) {
    this.room = room;
    this.fetch = fetch;
  }

  accept(batch: PushBatch): void {
    if (this.repairing) this.hold(batch);
    else if (batch.prev > this.room.lastId) {
      this.hold(batch);
      void this.repair();
    } else this.deliver(batch);
  }

  /** Fills the hole before the batches that are held; a failed attempt is repeated by `retry`. */
  private async repair(): Promise<void> {
    this.repairing = true;
    const first = this.held[0] as PushBatch;
    let missing: PushBatch[] | null;
    try {
      missing = await this.fetch(this.room.lastId);
    } catch {
      // The owner is away for the moment: what comes meanwhile is held, the hub retries.
      return;
    }
    this.repairing = false;
    if (missing === null) this.room.restart(first.prev);
    else for (const batch of missing) this.deliver(batch);

    const held = this.held;
    this.held = [];
    for (const batch of held) this.accept(batch);
  }

  /** Tries again to fill a hole, if there is one. */
  retry(): void {
    if (this.repairing && this.held.length > 0) void this.repair();
  }

  private deliver(batch: PushBatch): void {
    const { lastId } = this.room;
    if (batch.prev === lastId || batch.ids.length === 0) this.room.deliver(batch);
    else if ((batch.ids.at(-1) as number) > lastId) this.room.deliver(cut(batch, lastId));
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
