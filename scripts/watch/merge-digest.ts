/** A text that was said several times. */
export interface Repeated {
  content: string;
  /** How often it was said, the first time included. */
  times: number;
}

/** Texts whose counts can still be told. */
const MAX_REMEMBERED = 500;
/** A count that has not changed for this long is told, in ms. */
const SETTLED_MS = 1_200;

/**
 * A terminal cannot change a line that has scrolled away, so repeats are told once, when their count
 * has come to rest, and not at every step.
 */
export class MergeDigest {
  private readonly texts = new Map<number, string>();
  private readonly counting = new Map<number, { count: number; dueMs: number }>();

  /** A message was shown, and may be repeated. */
  shown(id: number, content: string): void {
    this.texts.set(id, content);
    if (this.texts.size <= MAX_REMEMBERED) return;
    for (const oldest of this.texts.keys()) {
      this.texts.delete(oldest);
      this.counting.delete(oldest);
      break;
    }
  }

  /** @param count repeats so far, as the `merged` event tells */
  merged(id: number, count: number, nowMs: number): void {
    if (this.texts.has(id)) this.counting.set(id, { count, dueMs: nowMs + SETTLED_MS });
  }

  /** Counts that have come to rest; with `nowMs` Infinity all of them. */
  settled(nowMs: number): Repeated[] {
    const told: Repeated[] = [];
    for (const [id, { count, dueMs }] of this.counting) {
      if (nowMs < dueMs) continue;
      this.counting.delete(id);
      told.push({ content: this.texts.get(id) ?? "", times: count + 1 });
    }
    return told;
  }
}
