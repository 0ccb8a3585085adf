/** A map that holds the most recently used entries; one may carry a time after which it is gone. */
export interface Lru<K, V> {
  /**
   * The value, which thereby becomes the most recently used; undefined when the key is absent or its
   * time has come.
   */
  get(key: K, nowMs: number): V | undefined;
  /**
   * Keeps a value, as the most recently used. A new key in a full map takes the place of the least
   * recently used one.
   *
   * @param expiresAtMs from this time on the value is gone; never when left out
   * @param nowMs when given, entries that have expired at the old end are let go
   */
  set(key: K, value: V, expiresAtMs?: number, nowMs?: number): void;
  /** Whether the key was there, expired or not. */
  delete(key: K): boolean;
  /** Entries held, those included that have expired and were not asked for since. */
  readonly size: number;
}

interface Entry<K, V> {
  key: K;
  value: V;
  expiresAtMs: number;
}

/** Expired entries let go per new one: more than come in, so garbage shrinks without a pause. */
const SWEPT_PER_SET = 2;

/**
 * Creates a bounded LRU map. Time is an argument throughout; all units are those of the caller's
 * clock, usually Unix milliseconds.
 *
 * Its order is a `Map`'s insertion order. Asking that map for its first key would walk over all the
 * entries deleted since it was last rehashed (6 µs at 10,000 entries, 28 µs at 100,000), so the
 * iterator is kept: whatever lies before it is deleted, except `oldest`, which it has just given.
 *
 * @param options.max most entries, at least 1
 * @throws RangeError when max is not a positive integer
 */
export function createLru<K, V>(options: { max: number }): Lru<K, V> {
  const { max } = options;
  if (!Number.isInteger(max) || max < 1) {
    throw new RangeError(`max must be a positive integer, got ${max}`);
  }
  const entries = new Map<K, Entry<K, V>>();
  let fromOldest = entries.values();
  let oldest: Entry<K, V> | undefined;

  function peekOldest(): Entry<K, V> | undefined {
    if (oldest === undefined && entries.size > 0) {
      let next = fromOldest.next();
      if (next.done) {
        fromOldest = entries.values();
        next = fromOldest.next();
      }
      oldest = next.value;
    }
    return oldest;
  }

  function remove(entry: Entry<K, V>): void {
    if (entry === oldest) oldest = undefined;
    entries.delete(entry.key);
  }

  function putNewest(entry: Entry<K, V>): void {
    remove(entry);
    entries.set(entry.key, entry);
  }

  function makeRoom(nowMs: number): void {
    for (let swept = 0; swept < SWEPT_PER_SET; swept++) {
      const entry = peekOldest();
      if (entry === undefined || entry.expiresAtMs > nowMs) break;
      remove(entry);
    }
    const entry = entries.size < max ? undefined : peekOldest();
    if (entry !== undefined) remove(entry);
  }

  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.expiresAtMs <= nowMs) {
        remove(entry);
        return undefined;
      }
      putNewest(entry);
      return entry.value;
    },
    set(key, value, expiresAtMs = Number.POSITIVE_INFINITY, nowMs = Number.NEGATIVE_INFINITY) {
      const entry = entries.get(key);
      if (entry === undefined) {
        makeRoom(nowMs);
        entries.set(key, { key, value, expiresAtMs });
      } else {
        entry.value = value;
        entry.expiresAtMs = expiresAtMs;
        putNewest(entry);
      }
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry !== undefined) remove(entry);
      return entry !== undefined;
    },
    get size() {
      return entries.size;
    },
  };
}
