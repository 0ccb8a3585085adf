import assert from "node:assert/strict";
import { test } from "node:test";
import { REMEMBERED_MS } from "../../lib/lease/lease-store.ts";
import { MemoryLeaseStore } from "../../lib/lease/memory-lease-store.ts";
import { leaseStoreContract } from "../contract/lease-store.contract.ts";

leaseStoreContract("in memory", async () => {
  const store = new MemoryLeaseStore();
  return () => store;
});

test("tokens of a store in memory are higher than those of a process before", async () => {
  const before = await new MemoryLeaseStore().acquire("room:1", "anna", 1_000);
  const after = await new MemoryLeaseStore().acquire("room:1", "anna", 1_000);
  assert.ok(before && after && after.token > before.token);
});

test("a store in memory lets go of names that nobody took for a day", async () => {
  let now = 0;
  const store = new MemoryLeaseStore(() => now);
  for (let i = 0; i < 10_000; i++) await store.acquire(`room:${i}`, "anna", 1_000);
  now = REMEMBERED_MS + 2_000;
  for (let i = 0; i < 10_000; i++) await store.acquire(`later:${i}`, "anna", 1_000);
  assert.ok(store.size <= 20_000, `${store.size} names`);
  now += REMEMBERED_MS + 2_000;
  for (let i = 0; i < 10_000; i++) await store.acquire(`last:${i}`, "anna", 1_000);
  assert.ok(store.size <= 20_000, `${store.size} names`);
  assert.equal((await store.current("last:7"))?.holder, "anna");
});
