import assert from "node:assert/strict";
import { test } from "node:test";
import { createTailStore } from "../../lib/tail-store/create-tail-store.ts";
import { MemoryTailStore } from "../../lib/tail-store/memory-tail-store.ts";
import { tailStoreContract } from "../contract/tail-store.contract.ts";

tailStoreContract("in memory", async () => {
  let store: MemoryTailStore | undefined;
  return (limits) => {
    store ??= new MemoryTailStore(limits);
    return store;
  };
});

test("a store in memory keeps so many rooms, those written to last", async () => {
  const store = new MemoryTailStore({ maxRooms: 3 });
  const batch = (live_id: number) => ({ live_id, prev: 0, ids: [1], text: "" });
  for (const room of [1, 2, 3, 1, 4]) await store.append(room, 1, batch(room));
  const kept = await Promise.all([1, 3, 4, 2].map((room) => store.load(room, 1)));
  assert.deepEqual(
    kept.map((tail) => tail !== null),
    [true, true, true, false],
  );
});

test("without Redis tails are kept in memory", () => {
  assert.ok(createTailStore(null) instanceof MemoryTailStore);
});
