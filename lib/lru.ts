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
  /** Used next before this one; undefined at the oldest. */
  older: Entry<K, V> | undefined;
  /** Used next after this one; undefined at the newest. */
  newer: Entry<K, V> | undefined;
}

/** Expired entries let go per new one: more than come in, so garbage shrinks without a pause. */
const SWEPT_PER_SET = 2;

/**
 * Creates a bounded LRU map. Time is an argument throughout; all units are those of the caller's
 * clock, usually Unix milliseconds.
 *
 * The order of use is a list of its own, not the insertion order of the `Map`: to delete and set a key at
 * each use leaves a chain of old tables, and an iterator that stands at the oldest key, which is needed
 * to find it without a walk, keeps all of them alive (43 bytes for each use, for ever). A library such as
 * lru-cache holds its order in arrays of the full size, which is too much for one map per room.
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
  let oldest: Entry<K, V> | undefined;
  let newest: Entry<K, V> | undefined;

  function unlink({ older, newer }: Entry<K, V>): void {
    if (older === undefined) oldest = newer;
    else older.newer = newer;
    if (newer === undefined) newest = older;
    else newer.older = older;
  }

  function linkNewest(entry: Entry<K, V>): void {
    entry.older = newest;
    entry.newer = undefined;
    if (newest === undefined) oldest = entry;
    else newest.newer = entry;
    newest = entry;
  }

  function use(entry: Entry<K, V>): void {
    if (entry === newest) return;
    unlink(entry);
    linkNewest(entry);
  }

  function remove(entry: Entry<K, V>): void {
    unlink(entry);
    // A dead entry that is old keeps what it points to from being collected with the young.
    entry.older = undefined;
    entry.newer = undefined;
    entries.delete(entry.key);
  }

  function makeRoom(nowMs: number): void {
    for (let swept = 0; swept < SWEPT_PER_SET; swept++) {
      if (oldest === undefined || oldest.expiresAtMs > nowMs) break;
      remove(oldest);
    }
    if (oldest !== undefined && entries.size >= max) remove(oldest);
  }

  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.expiresAtMs <= nowMs) {
        remove(entry);
        return undefined;
      }
      use(entry);
      return entry.value;
    },
    set(key, value, expiresAtMs = Number.POSITIVE_INFINITY, nowMs = Number.NEGATIVE_INFINITY) {
      const entry = entries.get(key);
      if (entry === undefined) {
        makeRoom(nowMs);
        const fresh = { key, value, expiresAtMs, older: undefined, newer: undefined };
        entries.set(key, fresh);
        linkNewest(fresh);
      } else {
        entry.value = value;
        entry.expiresAtMs = expiresAtMs;
        use(entry);
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
