import assert from "node:assert/strict";
import { it } from "node:test";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { redisClient } from "../support/redis-client.ts";
import { startSentinel } from "../support/redis-sentinel.ts";
import { waitFor } from "../support/wait-for.ts";

const FAILOVER = { timeoutMs: 30_000, intervalMs: 50 };

it("a client follows Sentinels to the new master, and its leases go on", async (t) => {
  const { master, url } = await startSentinel(t);
  const { redis, news } = redisClient(t, url);
  const leases = new RedisLeaseStore(redis);
  const first = await leases.acquire("room:1", "anna", 60_000);
  assert.ok(first !== null);
  assert.equal(await redis.wait(1, 5_000), 1, "the replica has it");

  await master.kill();
  await waitFor(() => leases.renew(first, 60_000), FAILOVER);
  assert.deepEqual(await leases.current("room:1"), { holder: "anna", token: first.token });
  assert.equal(await leases.acquire("room:1", "ben", 60_000), null);
  await leases.release(first);
  const next = await leases.acquire("room:1", "ben", 60_000);
  assert.ok(next !== null && next.token > first.token);
  assert.equal(news[0]?.state, "lost");
  assert.equal(
    news.findIndex(({ state }) => state === "back"),
    news.length - 1,
  );
});

it("a client survives that no Sentinel is there, and finds them later", async (t) => {
  const { sentinel, url } = await startSentinel(t);
  await sentinel.stop();
  const { redis, news } = redisClient(t, url);
  await assert.rejects(redis.set("a", 1));
  await assert.rejects(redis.set("a", 1));
  assert.equal(news.filter(({ state }) => state === "lost").length, 1);
  await sentinel.start();
  await waitFor(() => redis.set("a", 1).then(() => true), FAILOVER);
  assert.equal(news.at(-1)?.state, "back");
});

it("a client that hears of a failover while it looks for the master comes back all the same", async (t) => {
  const { sentinel, url } = await startSentinel(t);
  const { redis } = redisClient(t, url);
  await redis.set("a", 1);
  await sentinel.stop();
  redis.disconnect(true);
  const looking = () => redis.status === "connecting";
  await waitFor(looking, { timeoutMs: 10_000 });
  // What the failover detector of ioredis does when it is told.
  const { connector } = redis as unknown as { connector: { disconnect(): void } };
  connector.disconnect();
  await waitFor(() => !looking(), { timeoutMs: 10_000, intervalMs: 1 });
  await sentinel.start();
  await waitFor(() => redis.set("a", 2).then(() => true), FAILOVER);
});
