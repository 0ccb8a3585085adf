import { createLru } from "./lru.ts";

/** What is left of an allowance; a new one starts full, with `tokens` = burst. */
export interface TokenBucket {
  tokens: number;
  /** When `tokens` was right, Unix milliseconds. */
  at_ms: number;
}

/** A token, less what the rounding of fractions may take: else a wait is a millisecond off. */
const WHOLE = 1 - 1e-9;

/**
 * Takes one token of a bucket that refills steadily, and brings the bucket up to date in place.
 *
 * A clock that steps back gives nothing and takes nothing: the bucket refills from the new time on.
 *
 * @param nowMs Unix milliseconds
 * @param ratePerSecond tokens that come back per second, 0 or more
 * @param burst tokens in a full bucket; below 1 nothing is ever allowed
 * @returns 0 when the token was taken, otherwise the whole milliseconds after which one will be
 *   there; Infinity when none ever will
 */
export function takeToken(
  bucket: TokenBucket,
  nowMs: number,
  ratePerSecond: number,
  burst: number,
): number {
  const elapsedMs = Math.max(0, nowMs - bucket.at_ms);
  bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * ratePerSecond) / 1000);
  bucket.at_ms = nowMs;
  if (bucket.tokens >= WHOLE) {
    bucket.tokens = Math.max(0, bucket.tokens - 1);
    return 0;
  }
  if (burst < WHOLE) return Number.POSITIVE_INFINITY;
  return Math.ceil(((WHOLE - bucket.tokens) * 1000) / ratePerSecond);
}

/** Token buckets by key, such as a viewer's id or an address. */
export interface TokenBuckets {
  /** As `takeToken`, on the bucket of this key. */
  take(key: number | string, nowMs: number, ratePerSecond: number, burst: number): number;
  /** Buckets held. */
  readonly size: number;
}

/**
 * Creates a bounded set of buckets. It needs no timer: a bucket that has refilled is the same as
 * none, so it counts as expired and leaves when others come; if all are in use the one that was used
 * longest ago leaves, and its key starts anew with a full bucket.
 *
 * @param options.maxKeys most buckets held, at least 1; give it room for all keys that are active
 *   within the time of a refill
 * @throws RangeError when maxKeys is not a positive integer
 */
export function createBuckets(options: { maxKeys: number }): TokenBuckets {
  const buckets = createLru<number | string, TokenBucket>({ max: options.maxKeys });
  return {
    take(key, nowMs, ratePerSecond, burst) {
      const bucket = buckets.get(key, nowMs) ?? { tokens: burst, at_ms: nowMs };
      const waitMs = takeToken(bucket, nowMs, ratePerSecond, burst);
      const fullAtMs = nowMs + ((burst - bucket.tokens) * 1000) / ratePerSecond;
      buckets.set(key, bucket, fullAtMs, nowMs);
      return waitMs;
    },
    get size() {
      return buckets.size;
    },
  };
}
