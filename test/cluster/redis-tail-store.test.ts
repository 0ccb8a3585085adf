import { after } from "node:test";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";
import { RedisTailStore } from "../../lib/tail-store/redis-tail-store.ts";
import { tailStoreContract } from "../contract/tail-store.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startStack } from "../support/stack.ts";

for (const cluster of [false, true]) {
  const stack = startStack({ after }, { redis: { cluster } });
  let tests = 0;

  tailStoreContract(cluster ? "a Redis Cluster" : "Redis", async (t) => {
    const { redis } = await stack;
    const prefix = `test:${tests++}:`;
    return (limits) => {
      const client = openRedis(redis.url);
      cleanUp(t, () => closeRedis(client));
      return new RedisTailStore(client, { prefix, ...limits });
    };
  });
}
