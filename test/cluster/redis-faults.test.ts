import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { PushBatch } from "../../contracts/events.ts";
import { holdLease } from "../../lib/lease/held-lease.ts";
import type { LeaseStore } from "../../lib/lease/lease-store.ts";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { RedisTailStore } from "../../lib/tail-store/redis-tail-store.ts";
import { keepBatches } from "../../lib/tail-store/tail-store.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startProcess } from "../support/process.ts";
import { redisClient } from "../support/redis-client.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const HOLDER = join(import.meta.dirname, "..", "support", "lease-holder.ts");
const TTL_MS = 1_500;
const LONG_MS = 60_000;
const RECOVERY = { timeoutMs: 20_000, intervalMs: 20 };

async function held(t: TestContext, leases: LeaseStore, name: string, holder: string) {
  let lost = 0;
  const lease = await holdLease(leases, name, holder, { ttlMs: TTL_MS, onLost: () => lost++ });
  assert.ok(lease !== null);
  cleanUp(t, () => lease.release());
  return { lease, lost: () => lost };
}

describe("leases in Redis", () => {
  it("go on when Redis is killed and restarted: held, for a moment perhaps not, and held again", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const leases = new RedisLeaseStore(redisClient(t, server.url).redis);
    const { lease, lost } = await held(t, leases, "room:1", "anna");
    await server.kill();
    await waitFor(() => !lease.isHeld(), { ...RECOVERY, message: "the lease to lapse" });
    await assert.rejects(leases.acquire("room:1", "ben", LONG_MS));
    await server.start();
    await waitFor(() => lease.isHeld(), RECOVERY);
    assert.equal((await leases.current("room:1"))?.token, lease.token);
    assert.equal(lost(), 0);
  });

  it("go on with their tokens when Redis is flushed and nobody was quicker", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const leases = new RedisLeaseStore(redis);
    const { lease, lost } = await held(t, leases, "room:1", "anna");
    await redis.flushall();
    assert.equal(await leases.current("room:1"), null);
    await waitFor(() => leases.current("room:1"), RECOVERY);
    assert.deepEqual(await leases.current("room:1"), { holder: "anna", token: lease.token });
    assert.ok(lease.isHeld());
    assert.equal(lost(), 0);
  });

  it("are lost when Redis is flushed and somebody was quicker, whose token is higher", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const leases = new RedisLeaseStore(redis);
    const { lease, lost } = await held(t, leases, "room:1", "anna");
    await redis.flushall();
    const other = await leases.acquire("room:1", "ben", LONG_MS);
    assert.ok(other !== null && other.token > lease.token);
    await waitFor(() => lost() === 1, RECOVERY);
    assert.equal(lease.isHeld(), false);
    assert.deepEqual(await leases.current("room:1"), { holder: "ben", token: other.token });
  });

  it("leave one holder when Redis has gone back in time: the one with the higher token", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const leases = new RedisLeaseStore(redis);
    const early = await leases.acquire("room:1", "anna", LONG_MS);
    assert.ok(early !== null);
    const key = "molimoli:lease:{room:1}";
    const before = await redis.hgetall(key);
    await leases.release(early);
    const late = await leases.acquire("room:1", "ben", LONG_MS);
    assert.ok(late !== null);
    // As after a failover that lost the last writes.
    await redis.hset(key, before);
    assert.equal((await leases.current("room:1"))?.holder, "anna");
    assert.equal(await leases.renew(late, LONG_MS), true);
    assert.equal(await leases.renew(early, LONG_MS), false);
    assert.equal((await leases.current("room:1"))?.holder, "ben");
  });

  it("are not believed in by a process that was stopped past them, from its first look on", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const leases = new RedisLeaseStore(redisClient(t, server.url).redis);
    const child = await startProcess(t, {
      command: process.execPath,
      args: [HOLDER],
      env: { REDIS_URL: server.url, NAME: "room:1", TTL_MS: `${TTL_MS}` },
      ready: /held/,
    });
    child.child.kill("SIGSTOP");
    const other = await waitFor(() => leases.acquire("room:1", "ben", LONG_MS), RECOVERY);
    child.child.kill("SIGCONT");
    await waitFor(() => /lost/.test(child.output()), RECOVERY);
    // Whichever of its looks came first after the pause, none of them said that it holds the name.
    assert.match(child.output(), /^held\n(stood still, not held\n)?not held\nlost\n$/);
    assert.deepEqual(await leases.current("room:1"), { holder: "ben", token: other.token });
  });

  it("are free at once when their holder leaves in good order, but not when it is killed", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const leases = new RedisLeaseStore(redisClient(t, server.url).redis);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const child = await startProcess(t, {
        command: process.execPath,
        args: [HOLDER],
        env: { REDIS_URL: server.url, NAME: signal, TTL_MS: `${LONG_MS}` },
        ready: /held/,
      });
      await child.stop(signal);
      assert.equal(
        await leases.current(signal).then((now) => now?.holder ?? null),
        signal === "SIGTERM" ? null : "child",
      );
    }
  });
});

describe("tails in Redis", () => {
  function chain(count: number): PushBatch[] {
    return Array.from({ length: count }, (_, i) => ({
      live_id: 7,
      prev: i,
      ids: [i + 1],
      text: `id: ${i + 1}\n\n`,
    }));
  }

  it("are whole again with the next batch after Redis was flushed", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const store = new RedisTailStore(redis);
    const room = { liveId: 7, token: 1 };
    const batches = chain(20);
    const push = (count: number) =>
      keepBatches(store, room, [batches[count - 1] as PushBatch], () => ({
        prev: 0,
        batches: batches.slice(0, count),
      }));
    for (let count = 1; count <= 10; count++) assert.equal(await push(count), "ok");
    await redis.flushall();
    for (let count = 11; count <= 20; count++) assert.equal(await push(count), "ok");
    assert.deepEqual(await store.load(7, 1), { prev: 0, batches });
  });

  it("are whole again after Redis was killed in the middle of many appends", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const store = new RedisTailStore(redisClient(t, server.url).redis);
    const room = { liveId: 7, token: 1 };
    const batches = chain(500);
    let failed = 0;
    const push = (count: number) =>
      keepBatches(store, room, [batches[count - 1] as PushBatch], () => ({
        prev: 0,
        batches: batches.slice(0, count),
      })).catch(() => failed++);
    const early = Promise.all(Array.from({ length: 250 }, (_, i) => push(i + 1)));
    await server.kill();
    await early;
    assert.ok(failed > 0);
    await server.start();
    for (let count = 251; count <= 500; count++)
      await waitFor(async () => (await push(count)) === "ok", RECOVERY);
    assert.deepEqual(await store.load(7, 1), { prev: 0, batches });
  });

  it("count as not there when Redis has dropped half of one for lack of memory", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const store = new RedisTailStore(redis);
    const batches = chain(3);
    for (const lost of ["molimoli:tail:{7}:batches", "molimoli:tail:{7}"]) {
      await store.replace(7, 1, { prev: 0, batches: batches.slice(0, 2) });
      assert.equal(await redis.del(lost), 1);
      assert.equal(await store.append(7, 1, batches[2] as PushBatch), "gap");
      assert.equal(await store.load(7, 1), null);
      await store.replace(7, 1, { prev: 0, batches });
      assert.deepEqual(await store.load(7, 1), { prev: 0, batches });
    }
  });

  it("vanish from Redis with all that belongs to them", async (t) => {
    const { redis: server } = await startStack(t, { redis: true });
    const { redis } = redisClient(t, server.url);
    const store = new RedisTailStore(redis, { ttlMs: 300 });
    await store.append(7, 1, chain(1)[0] as PushBatch);
    await store.replace(8, 1, { prev: 5, batches: [] });
    await store.load(9, 1);
    assert.equal(await redis.dbsize(), 4);
    await waitFor(async () => (await redis.dbsize()) === 0);
  });
});
