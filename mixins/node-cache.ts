import type { ServiceBroker } from "moleculer";
import type { CacheBackend } from "../lib/fleeting-cache.ts";
import { runtimeOf } from "./runtime.ts";

/**
 * The cache that all nodes share, or this node's own where it is alone; null where there is neither:
 * several nodes with a memory each would not hear of each other's changes.
 */
export function cacheOf(broker: ServiceBroker): CacheBackend | null {
  const { natsUrl, redisUrl } = runtimeOf(broker).env;
  if (natsUrl !== null && redisUrl === null) return null;
  return (broker.cacher as unknown as CacheBackend | undefined) ?? null;
}
