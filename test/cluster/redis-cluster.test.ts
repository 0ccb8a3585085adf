import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Cluster } from "ioredis";
import { holdLease } from "../../lib/lease/held-lease.ts";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { RedisTailStore } from "../../lib/tail-store/redis-tail-store.ts";
import { keepBatches, type StoredTail } from "../../lib/tail-store/tail-store.ts";
import { cleanUp } from "../support/cleanup.ts";
import { redisClient } from "../support/redis-client.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const SOON_MS = 5_000;
const RECOVERY = { timeoutMs: 30_000, intervalMs: 50 };
const ROOMS = 12;

/** One owner that appends to many rooms, each batch of one message, as fast as the store takes them. */
function rooms(t: TestContext, store: RedisTailStore) {
  const tails = Array.from({ length: ROOMS }, (_, i): { liveId: number; tail: StoredTail } => ({
    liveId: 1_000 + i,
    tail: { prev: 0, batches: [] },
  }));
  const problems: unknown[] = [];
  let running = true;
  let appended = 0;
  const all = Promise.all(
    tails.map(async ({ liveId, tail }) => {
      for (let id = 1; running; id++) {
        const batch = { live_id: liveId, prev: id - 1, ids: [id], text: `id: ${id}\n\n` };
        tail.batches.push(batch);
        if (tail.batches.length > 1_000) tail.prev = tail.batches.shift()?.ids[0] ?? 0;
        try {
          const kept = await keepBatches(store, { liveId, token: 1 }, [batch], () => tail);
          if (kept !== "ok") problems.push(kept);
          appended++;
        } catch (error) {
          problems.push(error);
        }
      }
    }),
  );
  const stop = async () => {
    running = false;
    await all;
  };
  cleanUp(t, stop);
  return {
    problems,
    appended: () => appended,
    stop,
    /** The tails as the owner and as the store knows them, after one more message in each room. */
    async compare(): Promise<void> {
      for (const { liveId, tail } of tails) {
        const prev = tail.batches.at(-1)?.ids[0] ?? 0;
        const batch = { live_id: liveId, prev, ids: [prev + 1], text: "" };
        tail.batches.push(batch);
        await keepBatches(store, { liveId, token: 1 }, [batch], () => tail);
        const kept = await store.load(liveId, 1);
        assert.ok(kept !== null && kept !== "fenced");
        assert.deepEqual(
          kept.batches,
          tail.batches.filter((known) => known.prev >= kept.prev),
        );
      }
    },
  };
}

describe("a client of a Redis Cluster", () => {
  it("follows slots that move while tails are appended to and leases renewed, without any error", async (t) => {
    const { redis: cluster } = await startStack(t, { redis: { cluster: true } });
    const { redis, news } = redisClient(t, cluster.url);
    assert.ok(redis instanceof Cluster);
    const owner = rooms(t, new RedisTailStore(redis));
    const leases = new RedisLeaseStore(redis);
    const held = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        holdLease(leases, `room:${i}`, "anna", { ttlMs: 2_000, everyMs: 20, onLost: () => lost++ }),
      ),
    );
    let lost = 0;
    await waitFor(() => owner.appended() > 10 * ROOMS);

    const keys = await Promise.all(redis.nodes("master").map((node) => node.keys("*")));
    const slots = new Set(
      await Promise.all(keys.flat().map((key) => redis.cluster("KEYSLOT", key) as Promise<number>)),
    );
    assert.ok(slots.size > ROOMS);
    for (const to of [0, 1, 2]) {
      const before = owner.appended();
      await cluster.moveSlots(slots, to);
      assert.ok(owner.appended() > before);
    }
    await owner.stop();
    assert.deepEqual(owner.problems, []);
    await owner.compare();
    assert.equal(lost, 0);
    assert.ok(held.every((lease) => lease?.isHeld()));
    await Promise.all(held.map((lease) => lease?.release()));
    assert.deepEqual(news, []);
  });

  it("has every key of a room in one slot, and rooms spread over all nodes", async (t) => {
    const { redis: cluster } = await startStack(t, { redis: { cluster: true } });
    const { redis } = redisClient(t, cluster.url);
    assert.ok(redis instanceof Cluster);
    const owner = rooms(t, new RedisTailStore(redis));
    await waitFor(() => owner.appended() > 10 * ROOMS);
    await owner.stop();
    const keys = await Promise.all(redis.nodes("master").map((node) => node.keys("*")));
    assert.equal(keys.flat().length, 2 * ROOMS);
    assert.ok(keys.every((some) => some.length > 0 && some.length % 2 === 0));
  });

  it("works again by itself after a node was killed and came back; other rooms go on meanwhile", async (t) => {
    const { redis: cluster } = await startStack(t, { redis: { cluster: true } });
    const { redis } = redisClient(t, cluster.url);
    const owner = rooms(t, new RedisTailStore(redis));
    await waitFor(() => owner.appended() > 10 * ROOMS);
    await cluster.nodes[1]?.kill();
    await waitFor(() => owner.problems.length > 0, RECOVERY);
    await cluster.nodes[1]?.start();
    await cluster.ready();
    await waitFor(async () => {
      const before = owner.problems.length;
      const appended = owner.appended();
      await waitFor(() => owner.appended() > appended + 20 * ROOMS);
      return owner.problems.length === before;
    }, RECOVERY);
    await owner.stop();
    await owner.compare();
  });

  it("refuses commands soon while the whole cluster is away, keeps none, and comes back by itself", async (t) => {
    const { redis: cluster } = await startStack(t, { redis: { cluster: true } });
    const { redis, news } = redisClient(t, cluster.url);
    await redis.set("count", 0);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const slowest: number[] = [];
    for (let i = 0; i < 5; i++) {
      const since = performance.now();
      const asked = await Promise.allSettled(Array.from({ length: 50 }, () => redis.incr("count")));
      slowest.push(performance.now() - since);
      assert.ok(asked.every(({ status }) => status === "rejected"));
    }
    assert.ok(Math.max(...slowest) < SOON_MS, `${slowest} ms`);
    assert.ok(news.filter(({ state }) => state === "lost").length <= 3);
    const queued = (redis as unknown as { offlineQueue: { length: number } }).offlineQueue.length;
    assert.ok(queued <= 50, `${queued} commands wait`);

    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.ready();
    await waitFor(() => redis.incr("count").then(() => true), RECOVERY);
    assert.equal(news.at(-1)?.state, "back");
  });

  it("gives up a node that no longer answers, and comes back when it does", async (t) => {
    const { redis: cluster } = await startStack(t, { redis: { cluster: true } });
    const { redis } = redisClient(t, cluster.url);
    const everywhere = () =>
      Promise.allSettled(Array.from({ length: 30 }, (_, i) => redis.set(`key ${i}`, i)));
    assert.ok((await everywhere()).every(({ status }) => status === "fulfilled"));
    await cluster.nodes[2]?.kill("SIGSTOP");
    const since = performance.now();
    const asked = await everywhere();
    assert.ok(performance.now() - since < SOON_MS);
    assert.ok(asked.some(({ status }) => status === "rejected"));
    await cluster.nodes[2]?.kill("SIGCONT");
    await cluster.ready();
    await waitFor(
      async () => (await everywhere()).every(({ status }) => status === "fulfilled"),
      RECOVERY,
    );
  });
});
