import { after } from "node:test";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";
import { leaseStoreContract } from "../contract/lease-store.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startStack } from "../support/stack.ts";

for (const cluster of [false, true]) {
  const stack = startStack({ after }, { redis: { cluster } });
  let tests = 0;

  leaseStoreContract(cluster ? "a Redis Cluster" : "Redis", async (t) => {
    const { redis } = await stack;
    const prefix = `test:${tests++}:`;
    return () => {
      const client = openRedis(redis.url);
      cleanUp(t, () => closeRedis(client));
      return new RedisLeaseStore(client, { prefix });
    };
  });
}
