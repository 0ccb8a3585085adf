import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type HeldLease, type HoldOptions, holdLease } from "../../lib/lease/held-lease.ts";
import { MemoryLeaseStore } from "../../lib/lease/memory-lease-store.ts";
import { cleanUp } from "../support/cleanup.ts";
import { cuttable } from "../support/cuttable-store.ts";
import { waitFor } from "../support/wait-for.ts";

/** Long enough for a busy machine to renew in time. */
const TTL_MS = 300;

async function hold(t: TestContext, options: Partial<HoldOptions> = {}) {
  const memory = new MemoryLeaseStore();
  const way = cuttable(memory);
  const lost: boolean[] = [];
  const lease = await holdLease(way.store, "room:1", "anna", {
    ttlMs: TTL_MS,
    onLost: () => lost.push(true),
    ...options,
  });
  assert.ok(lease !== null);
  cleanUp(t, () => lease.release());
  const taken = () =>
    waitFor(() => memory.acquire("room:1", "ben", 60_000), { message: "the lease to be free" });
  return { memory, way, lost, lease, taken };
}

function heldAgain(lease: HeldLease): Promise<true> {
  return waitFor(() => lease.isHeld(), { message: "the lease to be held" });
}

function heldNoMore(lease: HeldLease): Promise<true> {
  return waitFor(() => !lease.isHeld(), { message: "the lease to lapse" });
}

test("a lease is kept for many times its length, with the same token", async (t) => {
  const { memory, lease, lost } = await hold(t);
  const until = performance.now() + 5 * TTL_MS;
  await waitFor(() => performance.now() > until);
  await heldAgain(lease);
  assert.deepEqual(await memory.current("room:1"), { holder: "anna", token: lease.token });
  assert.deepEqual(lost, []);
});

test("what somebody else holds is not to be had", async (t) => {
  const { memory } = await hold(t);
  assert.equal(await holdLease(memory, "room:1", "ben", { ttlMs: TTL_MS }), null);
});

test("a lease has lapsed for its holder before the store gives it to another", async (t) => {
  const { memory, way, lease } = await hold(t);
  way.cut(true);
  const stillHeld = await waitFor(async () => {
    const other = await memory.acquire("room:1", "ben", 60_000);
    return other !== null && [lease.isHeld()];
  });
  assert.deepEqual(stillHeld, [false]);
});

test("a lapsed lease that nobody took is held again when the store is back", async (t) => {
  const { way, lease, lost } = await hold(t);
  way.cut(true);
  await heldNoMore(lease);
  way.cut(false);
  await heldAgain(lease);
  assert.deepEqual(lost, []);
});

test("a lease that another took is lost: told once, and for good", async (t) => {
  const { memory, way, lease, lost, taken } = await hold(t);
  way.cut(true);
  const other = await taken();
  way.cut(false);
  await waitFor(() => lost.length > 0, { message: "the loss to be told" });
  assert.equal(lease.isHeld(), false);
  await memory.release(other);
  assert.equal(await lease.renew(), false);
  const { calls } = way;
  await waitFor(() => performance.now() > other.untilMs - 60_000 + 3 * TTL_MS);
  assert.equal(lease.isHeld(), false);
  assert.deepEqual(lost, [true]);
  assert.equal(way.calls, calls, "and no longer renewed");
});

test("a process that stood still past its lease knows at once", async (t) => {
  let stoodStillMs = 0;
  const now = () => performance.now() + stoodStillMs;
  const { lease } = await hold(t, { ttlMs: 60_000, now });
  stoodStillMs = 53_000;
  assert.ok(lease.isHeld());
  stoodStillMs = 54_001;
  assert.equal(lease.isHeld(), false, "by the margin before the lease ends");
  assert.equal(await lease.renew(), true);
  assert.ok(lease.isHeld());
});

test("a released lease is free at once, held no more and not lost", async (t) => {
  const { memory, lease, lost } = await hold(t);
  const released = lease.release("good-bye");
  assert.equal(lease.isHeld(), false);
  await released;
  const next = await memory.acquire("room:1", "ben", TTL_MS);
  assert.equal(next?.note, "good-bye");
  await lease.release();
  assert.equal(await lease.renew(), false);
  assert.equal((await memory.current("room:1"))?.holder, "ben");
  assert.deepEqual(lost, []);
});

test("a release that does not reach the store fails quietly", async (t) => {
  const { way, lease, taken } = await hold(t);
  way.cut(true);
  await lease.release();
  assert.equal(lease.isHeld(), false);
  await taken();
});

test("every renewal leaves its note, and tells of it when it has succeeded", async (t) => {
  let number = 0;
  const told: (string | undefined)[] = [];
  const { memory, way, lease } = await hold(t, {
    ttlMs: 60_000,
    note: () => `note ${++number}`,
    renewed: (note) => told.push(note),
  });
  assert.equal(await lease.renew(), true);
  way.cut(true);
  assert.equal(await lease.renew(), false);
  way.cut(false);
  assert.equal(await lease.renew(), true);
  assert.deepEqual(told, ["note 1", "note 3"]);
  await lease.release();
  assert.equal((await memory.acquire("room:1", "ben", TTL_MS))?.note, "note 3");
});

test("who asks for a renewal while one is under way waits for that one", async (t) => {
  const { way, lease } = await hold(t, { ttlMs: 60_000 });
  const { calls } = way;
  assert.deepEqual(await Promise.all([lease.renew(), lease.renew(), lease.renew()]), [
    true,
    true,
    true,
  ]);
  assert.equal(way.calls, calls + 1);
});
