import type { Frame } from "./frame.ts";

/** Messages that a gateway keeps of each room it has viewers of. */
const RING_MESSAGES = 1000;

/** The recent frames of a room: what slow viewers are caught up from and others resume from. */
export class Ring {
  private frames: Frame[] = [];
  private messages = 0;
  /** The id before the oldest frame kept. */
  private before: number;

  constructor(before: number) {
    this.before = before;
  }

  /** The last message's id, or the id before the ring while it is empty. */
  get lastId(): number {
    return this.frames.at(-1)?.lastId ?? this.before;
  }

  /** @param frame one with messages */
  add(frame: Frame): void {
    this.frames.push(frame);
    this.messages += frame.ids.length;
    while (this.frames.length > 1) {
      const oldest = this.frames[0] as Frame;
      if (this.messages - oldest.ids.length < RING_MESSAGES) break;
      this.frames.shift();
      this.messages -= oldest.ids.length;
      this.before = oldest.lastId;
    }
  }

  /** Frames with messages after a cursor; null when some of them are gone already. */
  afterId(cursor: number): Frame[] | null {
    if (cursor < this.before) return null;
    let low = 0;
    let high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.frames[middle] as Frame).lastId > cursor) high = middle;
      else low = middle + 1;
    }
    return this.frames.slice(low);
  }

  /** The id before the last `count` messages. */
  cursorBefore(count: number): number {
    let left = count;
    for (let i = this.frames.length - 1; i >= 0; i--) {
      const { ids } = this.frames[i] as Frame;
      if (left < ids.length) return ids[ids.length - left - 1] as number;
      left -= ids.length;
      if (left === 0) return (this.frames[i - 1] as Frame | undefined)?.lastId ?? this.before;
    }
    return this.before;
  }
}
