import { Cluster } from "ioredis";
import type { RedisClient } from "../redis/connect.ts";
import type { CacheBackend } from "./cache-backend.ts";

/**
 * A cache that all nodes share.
 *
 * @param options.prefix goes before all keys
 */
export function createRedisCache(
  redis: RedisClient,
  options: { prefix?: string } = {},
): CacheBackend {
  const { prefix = "molimoli:cache:" } = options;
  // A cluster answers for many keys at once only where all of them are on one server.
  const read = (keys: readonly string[]): Promise<(string | null)[]> =>
    redis instanceof Cluster
      ? Promise.all(keys.map((key) => redis.get(prefix + key)))
      : redis.mget(keys.map((key) => prefix + key));
  return {
    async get(keys) {
      if (keys.length === 0) return new Map();
      const texts = await read(keys);
      return new Map(
        keys.flatMap((key, at) => {
          const text = texts[at];
          return typeof text === "string" ? [[key, JSON.parse(text)]] : [];
        }),
      );
    },
    async set(values, ttlMs) {
      await Promise.all(
        [...values].map(([key, value]) =>
          redis.set(prefix + key, JSON.stringify(value), "PX", Math.ceil(ttlMs)),
        ),
      );
    },
    async delete(keys) {
      await Promise.all(keys.map((key) => redis.del(prefix + key)));
    },
  };
}
