import { after } from "node:test";
import { createRedisCache } from "../../lib/cache/redis-cache.ts";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";
import { cacheBackendContract } from "../contract/cache-backend.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startStack } from "../support/stack.ts";

for (const cluster of [false, true]) {
  const stack = startStack({ after }, { redis: { cluster } });
  let tests = 0;

  cacheBackendContract(cluster ? "a Redis Cluster" : "Redis", async (t) => {
    const { redis } = await stack;
    const client = openRedis(redis.url);
    cleanUp(t, () => closeRedis(client));
    return createRedisCache(client, { prefix: `test:${tests++}:` });
  });
}
