import { createLru } from "../lru.ts";
import type { CacheBackend } from "./cache-backend.ts";

/**
 * A cache in this process.
 *
 * @param options.max most values; the least recently used go first
 * @param options.now a clock in ms that does not go backwards
 */
export function createMemoryCache(options: { max: number; now?: () => number }): CacheBackend {
  const { max, now = () => performance.now() } = options;
  const values = createLru<string, unknown>({ max });
  return {
    async get(keys) {
      const found = new Map<string, unknown>();
      const time = now();
      for (const key of keys) {
        const value = values.get(key, time);
        if (value !== undefined) found.set(key, value);
      }
      return found;
    },
    async set(entries, ttlMs) {
      const time = now();
      for (const [key, value] of entries) values.set(key, value, time + ttlMs, time);
    },
    async delete(keys) {
      for (const key of keys) values.delete(key);
    },
  };
}
