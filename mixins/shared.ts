import type { ServiceBroker } from "moleculer";
import { createLeaseStore } from "../lib/lease/create-lease-store.ts";
import type { LeaseStore } from "../lib/lease/lease-store.ts";
import { type LeasedIds, leaseIds } from "../lib/leased-ids.ts";
import { closeRedis, openRedis, type RedisClient } from "../lib/redis/connect.ts";
import { createTailStore } from "../lib/tail-store/create-tail-store.ts";
import type { TailStore } from "../lib/tail-store/tail-store.ts";

/** What nodes agree on through Redis. */
export interface Shared {
  readonly redis: RedisClient;
  readonly leases: LeaseStore;
  readonly tails: TailStore;
  readonly ids: LeasedIds;
  /** Gives the worker number back and hangs up. */
  leave(): Promise<void>;
}

/**
 * Connects a node to Redis and leases its worker number.
 *
 * @throws Error with a sentence for people when Redis cannot be used
 */
export async function joinNodes(broker: ServiceBroker, redisUrl: string): Promise<Shared> {
  const logger = broker.getLogger("redis");
  const redis = openRedis(redisUrl, {
    report: (news) =>
      news.state === "lost"
        ? logger.warn("the connection to Redis is lost", { reason: news.reason })
        : logger.warn("Redis is back", { after_ms: news.after_ms }),
  });
  try {
    const leases = createLeaseStore(redis);
    const ids = await leaseIds(leases, broker.nodeID);
    const tails = createTailStore(redis);
    return {
      redis,
      leases,
      tails,
      ids,
      async leave() {
        await ids.close();
        await closeRedis(redis);
      },
    };
  } catch (error) {
    await closeRedis(redis);
    throw new Error(`The Redis of REDIS_URL cannot be used (${(error as Error).message}).`);
  }
}
