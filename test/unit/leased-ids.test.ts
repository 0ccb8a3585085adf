import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { idTimeMs, idWorker, WORKERS } from "../../lib/ids.ts";
import { MemoryLeaseStore } from "../../lib/lease/memory-lease-store.ts";
import { type LeasedIds, leaseIds } from "../../lib/leased-ids.ts";
import { leaseWorker } from "../../lib/worker-number.ts";
import { cleanUp } from "../support/cleanup.ts";
import { cuttable } from "../support/cuttable-store.ts";
import { waitFor } from "../support/wait-for.ts";

/** Nodes on one store of leases, in a time that the test can let pass. */
class World {
  passedMs = 0;
  /** Clocks go forward by so much at a time: what two make at the same time then gets equal ids. */
  tickMs = 1;
  /** Whoever joins later finds this one. */
  store = this.emptyStore();
  readonly made: number[] = [];
  private readonly nodes: Node[] = [];

  /** A store that has existed for long. */
  static async old(t: TestContext): Promise<World> {
    const world = new World();
    cleanUp(t, () => world.close());
    await world.grow();
    return world;
  }

  async grow(): Promise<void> {
    const lease = await this.store.acquire("workers", "all", 1);
    if (lease !== null) await this.store.release(lease, "0");
  }

  emptyStore(): MemoryLeaseStore {
    return new MemoryLeaseStore(() => performance.now() + this.passedMs);
  }

  /** @param skewMs by how much the clock of this node is ahead */
  async join({ start = 0, skewMs = 0 } = {}): Promise<Node> {
    const node = new Node(this, skewMs);
    node.ids = await leaseIds(node.way.store, "node", { start, now: () => node.now() });
    this.nodes.push(node);
    return node;
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.ids.close()));
  }
}

class Node {
  readonly way: ReturnType<typeof cuttable>;
  readonly made: number[] = [];
  ids!: LeasedIds;
  readonly world: World;
  skewMs: number;

  constructor(world: World, skewMs: number) {
    this.world = world;
    this.skewMs = skewMs;
    this.way = cuttable(world.store);
  }

  now(): number {
    const { passedMs, tickMs } = this.world;
    return Math.floor((Date.now() + passedMs + this.skewMs) / tickMs) * tickMs;
  }

  /** Makes up to so many ids; answers how many. */
  make(count = 1, above = 0): number {
    for (let i = 0; i < count; i++) {
      try {
        const id = this.ids.next(above);
        this.made.push(id);
        this.world.made.push(id);
      } catch (error) {
        assert.equal((error as { type?: string }).type, "UNAVAILABLE");
        return i;
      }
    }
    return count;
  }

  get last(): number {
    return this.made.at(-1) ?? 0;
  }
}

function assertNoneTwice(ids: number[]): void {
  assert.equal(new Set(ids).size, ids.length, "no id twice");
}

function assertAscending(ids: number[]): void {
  for (let i = 1; i < ids.length; i++) assert.ok((ids[i] ?? 0) > (ids[i - 1] ?? 0));
}

test("nodes make ids at their clock, each with a worker number of its own", async (t) => {
  const world = await World.old(t);
  const nodes = [await world.join(), await world.join(), await world.join()];
  assert.deepEqual(
    nodes.map(({ ids }) => ids.worker),
    [0, 1, 2],
  );
  for (const node of nodes) {
    const before = node.now();
    assert.equal(node.make(100), 100);
    assert.ok(idTimeMs(node.made[0] ?? 0) >= before && idTimeMs(node.last) <= node.now() + 4);
    assert.ok(node.made.every((id) => idWorker(id) === node.ids.worker));
    assertAscending(node.made);
  }
});

test("numbers are chosen at random, so that nodes do not queue up", async () => {
  const store = new World().store;
  const lease = { lastIdMs: () => 0 };
  const first = await Promise.all(
    Array.from({ length: 8 }, () => leaseWorker(store, "node", lease)),
  );
  assert.ok(Math.max(...first.map(({ worker }) => worker)) > 8);
  await Promise.all(first.map((worker) => worker.release()));
});

test("who comes when all 128 numbers are taken is told so", async (t) => {
  const world = await World.old(t);
  for (let i = 0; i < WORKERS; i++) await world.join({ start: i });
  await assert.rejects(world.join(), /^Error: All 128 worker numbers are taken/);
});

test("a number that was given back is used at once, above its last id", async (t) => {
  const world = await World.old(t);
  const first = await world.join();
  first.make(10_000);
  await first.ids.close();
  assert.equal(first.make(), 0);
  const second = await world.join();
  assert.equal(second.ids.worker, 0);
  second.make(10_000);
  assert.ok((second.made[0] ?? 0) > first.last);
  assertNoneTwice(world.made);
});

test("the next holder goes on above the ids of one whose clock was ahead", async (t) => {
  const world = await World.old(t);
  const ahead = await world.join({ skewMs: 4_000 });
  ahead.make(100);
  await ahead.ids.close();
  const right = await world.join();
  assert.equal(right.ids.worker, 0);
  right.make(100);
  assert.ok((right.made[0] ?? 0) > ahead.last);
});

test("a number whose last ids are an hour ahead is left alone", async (t) => {
  const world = await World.old(t);
  const ahead = await world.join({ skewMs: 3_600_000 });
  ahead.make(100);
  await ahead.ids.close();
  const right = await world.join();
  assert.equal(right.ids.worker, 1);
  world.passedMs += 3_600_000;
  assert.equal((await world.join()).ids.worker, 0, "until its time has come");
});

test("ids go on for some seconds without the store, and again when it is back", async (t) => {
  const world = await World.old(t);
  const node = await world.join();
  node.way.cut(true);
  world.passedMs += 3_000;
  assert.equal(node.make(), 1);
  world.passedMs += 3_000;
  assert.equal(node.ids.isReady(), false);
  assert.equal(node.make(), 0);
  node.way.cut(false);
  await waitFor(() => node.make() === 1);
  assert.ok(node.ids.isReady());
  assert.equal(idWorker(node.last), 0, "the number is still ours");
});

test("a clock that is set back an hour stops no ids", async (t) => {
  const world = await World.old(t);
  const node = await world.join();
  node.make(100);
  node.skewMs -= 3_600_000;
  for (let round = 0; round < 10; round++) await waitFor(() => node.make(30_000) === 30_000);
  assertAscending(node.made);
});

test("an above that lies too far ahead is refused, and does not lead other ids there", async (t) => {
  const world = await World.old(t);
  const ahead = await world.join({ skewMs: 60_000 });
  ahead.make();
  const node = await world.join();
  assert.equal(node.make(1, ahead.last), 0);
  assert.equal(node.make(), 1);
  assert.ok(idTimeMs(node.last) <= node.now());
  const near = await world.join({ skewMs: 2_000 });
  near.make();
  assert.equal(node.make(1, near.last), 1);
  assert.ok(node.last > near.last);
});

test("an above that is no id is refused", async (t) => {
  const node = await (await World.old(t)).join();
  for (const above of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])
    assert.throws(() => node.ids.next(above), RangeError);
  assert.equal(node.make(), 1);
});

test("a node that stood still until its number was taken goes on with another one", async (t) => {
  const world = await World.old(t);
  const sleeper = await world.join();
  sleeper.make(10);
  world.passedMs += 20_000;
  const next = await world.join();
  assert.equal(next.ids.worker, 0);
  next.make(10);
  assert.equal(sleeper.make(), 0);
  await waitFor(() => sleeper.make() === 1);
  assert.equal(sleeper.ids.worker, 1);
  assertAscending(sleeper.made);
  assertNoneTwice(world.made);
});

test("the next holder begins right after one who has used up all that it had noted", async (t) => {
  const world = await World.old(t);
  const first = await world.join();
  first.way.cut(true);
  assert.ok(first.make(1_000_000) < 200_000, "until it may not go on");
  world.passedMs += 20_000;
  const behind = await world.join({ skewMs: -18_000 });
  assert.equal(behind.ids.worker, 0);
  behind.make(100);
  assert.equal(idTimeMs(behind.made[0] ?? 0), idTimeMs(first.last) + 1);
  assertNoneTwice(world.made);
});

test("no id twice when the store is flushed while a node that cannot reach it makes ids", async (t) => {
  const world = await World.old(t);
  const lonely = await world.join({ skewMs: 400 });
  lonely.make(1_000);
  lonely.way.cut(true);
  world.store = world.emptyStore();
  const idle = await world.join();
  assert.equal(idle.ids.worker, 0);
  await idle.ids.close();
  const next = await world.join({ skewMs: 500 });
  assert.equal(next.ids.worker, 0);
  next.make(10_000);
  lonely.make(1_000_000);
  next.make(100_000);
  assertNoneTwice(world.made);
});

test("no id twice and all in order, whatever happens to nodes, clocks and connections", async (t) => {
  const whom = fc.nat({ max: 11 });
  const event = fc.oneof(
    fc.record({
      kind: fc.constant("join" as const),
      start: fc.nat({ max: 1 }),
      skewMs: fc.integer({ min: -4_000, max: 4_000 }),
    }),
    fc.record({
      kind: fc.constant("make" as const),
      whom,
      count: fc.integer({ min: 1, max: 300 }),
    }),
    fc.record({ kind: fc.constant("follow" as const), whom }),
    fc.record({ kind: fc.constant("leave" as const), whom }),
    fc.record({ kind: fc.constant("cut" as const), whom, state: fc.boolean() }),
    fc.record({
      kind: fc.constant("skew" as const),
      whom,
      byMs: fc.integer({ min: -9_000, max: 9_000 }),
    }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
  );
  const events = fc.array(event, { minLength: 30, maxLength: 80 });
  let made = 0;
  let reused = 0;
  await fc.assert(
    fc.asyncProperty(events, async (story) => {
      const world = await World.old(t);
      world.tickMs = 1_000;
      const everybody: Node[] = [];
      for (const step of story) {
        // Who has left or cannot reach the store is still among them, and goes on trying.
        const node = "whom" in step ? everybody[step.whom % everybody.length] : undefined;
        if (step.kind === "join" && everybody.length < 12) everybody.push(await world.join(step));
        else if (step.kind === "make") node?.make(step.count);
        else if (step.kind === "follow") node?.make(1, Math.max(0, ...world.made.slice(-50)));
        else if (step.kind === "leave") await node?.ids.close();
        else if (step.kind === "cut") node?.way.cut(step.state);
        else if (step.kind === "skew" && node !== undefined) node.skewMs += step.byMs;
        else if (step.kind === "pass") world.passedMs += step.ms;
        await nextTurn();
      }
      assertNoneTwice(world.made);
      for (const node of everybody) assertAscending(node.made);
      await world.close();
      made += world.made.length;
      const uses = everybody.flatMap((node) => [...new Set(node.made.map(idWorker))]);
      if (new Set(uses).size < uses.length) reused++;
    }),
    { numRuns: 100 },
  );
  t.diagnostic(`${made} ids, numbers used by several nodes in ${reused} of 100 stories`);
  assert.ok(reused > 10);
});
