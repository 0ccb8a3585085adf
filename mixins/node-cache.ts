import type { ServiceBroker } from "moleculer";
import type { CacheBackend } from "../lib/cache/cache-backend.ts";
import { createMemoryCache } from "../lib/cache/memory-cache.ts";
import { createRedisCache } from "../lib/cache/redis-cache.ts";
import { runtimeOf } from "./runtime.ts";

/** Values that a node that is alone keeps. */
const MAX_VALUES = 50_000;

const backends = new WeakMap<ServiceBroker, CacheBackend>();

/**
 * The cache of all nodes in Redis, or this node's own where it is alone. Null where there is neither:
 * several nodes with a memory each would not hear of each other's changes. To be asked for once the
 * node has joined the others.
 */
export function cacheOf(broker: ServiceBroker): CacheBackend | null {
  const known = backends.get(broker);
  if (known !== undefined) return known;
  const { env, shared } = runtimeOf(broker);
  if (shared === null && (env.natsUrl !== null || env.redisUrl !== null)) return null;
  const backend =
    shared === null ? createMemoryCache({ max: MAX_VALUES }) : createRedisCache(shared.redis);
  backends.set(broker, backend);
  return backend;
}
