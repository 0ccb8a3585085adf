/** For how long the quickest request of a caller counts, at least, in milliseconds. */
const MEMORY_MS = 60_000;
/**
 * When nothing but old requests come for so long, in milliseconds, they are not old: a clock was set.
 * What had gathered in a buffer comes within moments.
 */
const DOUBT_MS = 3_000;

/**
 * Tells by how much longer than the quickest ones requests of one caller are under way. Sending and
 * receiving are told by two clocks, which may differ by any constant, and may be set.
 */
export class RequestAge {
  private best = Number.POSITIVE_INFINITY;
  private before = Number.POSITIVE_INFINITY;
  private sinceMs = Number.NEGATIVE_INFINITY;
  /** When the first of the old ones came that nothing but old ones have followed. */
  private oldSinceMs: number | null = null;
  private readonly maxAgeMs: number;

  /** @param maxAgeMs so much later than the quickest is old */
  constructor(maxAgeMs: number) {
    this.maxAgeMs = maxAgeMs;
  }

  /**
   * @param delayMs between sending and receiving, by two clocks; may be negative
   * @param nowMs monotonic
   */
  isOld(delayMs: number, nowMs: number): boolean {
    if (nowMs - this.sinceMs > MEMORY_MS) {
      this.before = this.best;
      this.best = Number.POSITIVE_INFINITY;
      this.sinceMs = nowMs;
    }
    const old = delayMs - Math.min(this.best, this.before) > this.maxAgeMs;
    if (!old) {
      this.oldSinceMs = null;
      this.best = Math.min(this.best, delayMs);
      return false;
    }
    this.oldSinceMs ??= nowMs;
    if (nowMs - this.oldSinceMs < DOUBT_MS) return true;
    this.oldSinceMs = null;
    this.best = delayMs;
    this.before = Number.POSITIVE_INFINITY;
    return false;
  }
}
