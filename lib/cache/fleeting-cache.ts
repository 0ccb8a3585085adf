import { createLru } from "../lru.ts";
import type { CacheBackend } from "./cache-backend.ts";

/** Values by id that may be a moment old, and that are asked for much more often than they change. */
export interface FleetingCache<V> {
  /** What is known of these ids, and which of them have to be loaded. */
  lookUp(ids: readonly number[]): Promise<Lookup<V>>;
  /** After a change was committed: what was kept or is being loaded is not what is true. */
  forget(ids: readonly number[]): Promise<void>;
}

export interface Lookup<V> {
  found: Map<number, V>;
  missing: number[];
  /** Keeps what was loaded since, but for ids that were forgotten meanwhile. Does not wait for it. */
  keep(loaded: ReadonlyMap<number, V>): void;
}

/** A backend that does not answer in this time is done without for a while, in ms. */
const PATIENCE_MS = 50;
const WITHOUT_MS = 1_000;
/** Ids whose last change is remembered, against loads that began before it. */
const REMEMBERED = 20_000;

/**
 * Creates a cache. Nothing depends on it: without a backend, or with one that is out of order, all ids
 * are missing.
 *
 * Who reads in the process where a change was made reads nothing older, as long as the backend takes
 * deletions. What other processes changed may be missed for `ttlMs`, in the rare case that a load
 * crosses their change.
 *
 * @param options.backend asked for each time; null when there is none
 * @param options.prefix begins each key
 * @param options.now a clock in ms that does not go backwards
 */
export function createFleetingCache<V>(options: {
  backend: () => CacheBackend | null;
  prefix: string;
  ttlMs: number;
  now?: () => number;
}): FleetingCache<V> {
  const { backend, prefix, ttlMs, now = () => performance.now() } = options;
  const changes = createLru<number, number>({ max: REMEMBERED });
  let change = 0;
  let withoutUntil = Number.NEGATIVE_INFINITY;
  const keyOf = (id: number) => `${prefix}:${id}`;

  /** Answers null where the backend is not to be had. */
  async function ask<T>(question: (backend: CacheBackend) => Promise<T>): Promise<T | null> {
    const current = now() < withoutUntil ? null : backend();
    if (current === null) return null;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("the cache does not answer")), PATIENCE_MS);
    });
    try {
      return await Promise.race([question(current), late]);
    } catch {
      withoutUntil = now() + WITHOUT_MS;
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async lookUp(ids) {
      const began = change;
      const kept = await ask((cache) => cache.get(ids.map(keyOf)));
      const found = new Map<number, V>();
      const missing: number[] = [];
      for (const id of ids) {
        const value = kept?.get(keyOf(id)) as V | undefined;
        if (value === undefined) missing.push(id);
        else found.set(id, value);
      }
      const isCurrent = (id: number) => (changes.get(id, 0) ?? 0) <= began;
      return {
        found,
        missing,
        keep(loaded) {
          const current = [...loaded].filter(([id]) => isCurrent(id));
          if (current.length === 0) return;
          const values = new Map(current.map(([id, value]) => [keyOf(id), value]));
          void ask((cache) => cache.set(values, ttlMs));
        },
      };
    },

    async forget(ids) {
      change += 1;
      for (const id of ids) changes.set(id, change);
      if (ids.length > 0) await ask((cache) => cache.delete(ids.map(keyOf)));
    },
  };
}
