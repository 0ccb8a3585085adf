import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { createGroupCommit, OverloadedError } from "../../lib/group-commit.ts";

/** A store whose writes stay under way until the test ends them. */
function heldStore() {
  const writes: { items: number[]; end: (error?: Error) => void }[] = [];
  const begun: (() => void)[] = [];
  return {
    /** Items of each write so far, in order. */
    get written() {
      return writes.map((write) => write.items);
    },
    /** Resolves when the write with this number (from 0) has begun. */
    async begins(number: number) {
      while (writes.length <= number) {
        await new Promise<void>((resolve) => begun.push(resolve));
      }
    },
    end(number: number, error?: Error) {
      writes[number]?.end(error);
    },
    write(items: number[]): Promise<void> {
      return new Promise((resolve, reject) => {
        writes.push({ items, end: (error) => (error ? reject(error) : resolve()) });
        for (const tell of begun.splice(0)) tell();
      });
    },
  };
}

function heldGroup(
  limits: { maxBatch?: number; maxPending?: number; gatherMs?: number; gatherItems?: number } = {},
) {
  const store = heldStore();
  const group = createGroupCommit<number>({
    write: store.write,
    maxBatch: 100,
    maxPending: 1_000,
    ...limits,
  });
  return { store, group };
}

/** Whether a promise has settled by the end of this turn of the event loop. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await nextTurn();
  return settled;
}

test("appends of the same turn of the event loop share one write, in order", async () => {
  const { store, group } = heldGroup();
  const first = group.append(1);
  // As the handlers of two requests do, the second one after the first one's microtasks.
  await Promise.resolve();
  const second = group.append(2);
  await store.begins(0);
  assert.deepEqual(store.written, [[1, 2]]);
  store.end(0);
  await Promise.all([first, second]);
});

test("an append resolves after its write, not before", async () => {
  const { store, group } = heldGroup();
  const append = group.append(1);
  await store.begins(0);
  assert.equal(await isSettled(append), false);
  store.end(0);
  await append;
});

test("what arrives during a write goes into the next one, which waits for it", async () => {
  const { store, group } = heldGroup();
  const first = group.append(1);
  await store.begins(0);
  const rest = [group.append(2), group.append(3)];
  await nextTurn();
  assert.deepEqual(store.written, [[1]]);
  store.end(0);
  await first;
  await store.begins(1);
  assert.deepEqual(store.written, [[1], [2, 3]]);
  store.end(1);
  await Promise.all(rest);
});

test("a write carries maxBatch items at most", async () => {
  const { store, group } = heldGroup({ maxBatch: 2 });
  const appends = [1, 2, 3, 4, 5].map((item) => group.append(item));
  for (const number of [0, 1, 2]) {
    await store.begins(number);
    store.end(number);
  }
  await Promise.all(appends);
  assert.deepEqual(store.written, [[1, 2], [3, 4], [5]]);
});

test("a failed write rejects its whole batch with that error, and the next ones go on", async () => {
  const { store, group } = heldGroup({ maxBatch: 2 });
  const appends = [1, 2, 3].map((item) => group.append(item));
  const settled = Promise.allSettled(appends);
  const failure = new Error("disk full");
  await store.begins(0);
  store.end(0, failure);
  await store.begins(1);
  store.end(1);
  const [first, second, third] = await settled;
  assert.deepEqual(first, { status: "rejected", reason: failure });
  assert.deepEqual(second, { status: "rejected", reason: failure });
  assert.equal(third?.status, "fulfilled");
  assert.equal(group.pending, 0);
});

test("a write that throws at once is a failed write", async () => {
  let calls = 0;
  const group = createGroupCommit<number>({
    write() {
      calls += 1;
      if (calls === 1) throw new Error("closed");
      return Promise.resolve();
    },
    maxBatch: 1,
    maxPending: 10,
  });
  const refused = assert.rejects(group.append(1), /closed/);
  await group.append(2);
  await refused;
});

test("a full queue refuses at once with OVERLOADED, and takes items again after a write", async () => {
  const { store, group } = heldGroup({ maxPending: 2 });
  const first = group.append(1);
  await store.begins(0);
  const second = group.append(2);
  assert.equal(group.pending, 2, "the item being written counts");
  await assert.rejects(group.append(3), (error) => {
    assert.ok(error instanceof OverloadedError);
    assert.equal(error.code, "OVERLOADED");
    return true;
  });
  assert.equal(group.pending, 2);
  store.end(0);
  await first;
  const fourth = group.append(4);
  await store.begins(1);
  store.end(1);
  await Promise.all([second, fourth]);
  assert.deepEqual(store.written, [[1], [2, 4]]);
});

test("a caller that was just answered finds room for its next item", async () => {
  const { store, group } = heldGroup({ maxPending: 1 });
  const again = group.append(1).then(() => group.append(2));
  await store.begins(0);
  store.end(0);
  await store.begins(1);
  store.end(1);
  await again;
});

test("drain resolves when nothing is pending, also after a failure", async () => {
  const { store, group } = heldGroup({ maxBatch: 1 });
  await group.drain();
  const appends = Promise.allSettled([group.append(1), group.append(2)]);
  const drained = group.drain();
  await store.begins(0);
  store.end(0, new Error("lost"));
  await store.begins(1);
  assert.equal(await isSettled(drained), false);
  store.end(1);
  await drained;
  assert.equal(group.pending, 0);
  await appends;
});

test("a group that fell idle starts again", async () => {
  const { store, group } = heldGroup();
  for (const number of [0, 1]) {
    const append = group.append(number);
    await store.begins(number);
    store.end(number);
    await append;
    await group.drain();
  }
  assert.deepEqual(store.written, [[0], [1]]);
});

test("every accepted item is written once, in order, never two writes at once", async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("turn" as const), count: fc.integer({ min: 1, max: 3 }) }),
  );
  const run = async (
    actions: { kind: string; count: number }[],
    maxBatch: number,
    fail: number,
  ) => {
    const maxPending = 20;
    const stored: number[] = [];
    const failed: number[] = [];
    let writing = 0;
    let writes = 0;
    const group = createGroupCommit<number>({
      async write(items) {
        writing += 1;
        assert.equal(writing, 1);
        assert.ok(items.length > 0 && items.length <= maxBatch);
        await nextTurn();
        writing -= 1;
        writes += 1;
        const fails = writes % fail === 0;
        (fails ? failed : stored).push(...items);
        if (fails) throw new Error("write failed");
      },
      maxBatch,
      maxPending,
    });
    const accepted: number[] = [];
    const answers: Promise<unknown>[] = [];
    let item = 0;
    for (const { kind, count } of actions) {
      for (let i = 0; i < count; i++) {
        if (kind === "turn") await nextTurn();
        else {
          const number = ++item;
          if (group.pending < maxPending) accepted.push(number);
          answers.push(
            group.append(number).then(
              () => assert.ok(stored.includes(number)),
              (error) => assert.ok(error.code === "OVERLOADED" || failed.includes(number)),
            ),
          );
          assert.ok(group.pending <= maxPending);
        }
      }
    }
    await Promise.all(answers);
    await group.drain();
    assert.deepEqual(
      [...stored, ...failed].sort((a, b) => a - b),
      accepted,
    );
    assert.deepEqual(
      stored,
      stored.toSorted((a, b) => a - b),
    );
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 2, max: 6 }),
      run,
    ),
    { numRuns: 50 },
  );
});

test("limits that are not positive integers are refused", () => {
  const write = () => Promise.resolve();
  assert.throws(() => createGroupCommit({ write, maxBatch: 0, maxPending: 1 }), /maxBatch/);
  assert.throws(() => createGroupCommit({ write, maxBatch: 1, maxPending: 1.5 }), /maxPending/);
});

test("a lone item waits for nothing, items that follow soon share the next write", async () => {
  const { store, group } = heldGroup({ gatherMs: 30 });
  const first = group.append(1);
  await store.begins(0);
  store.end(0);
  await first;
  const second = group.append(2);
  const third = group.append(3);
  await nextTurn();
  assert.deepEqual(store.written, [[1]], "the next write does not start at once");
  await store.begins(1);
  store.end(1);
  await Promise.all([second, third]);
  assert.deepEqual(store.written, [[1], [2, 3]]);
});

test("draining does not wait for more items", async () => {
  const { store, group } = heldGroup({ gatherMs: 600_000 });
  const first = group.append(1);
  await store.begins(0);
  const second = group.append(2);
  const drained = group.drain();
  store.end(0);
  await store.begins(1);
  store.end(1);
  await Promise.all([first, second, drained]);
});

test("an urgent item ends the wait, also of those that gather already", async () => {
  const { store, group } = heldGroup({ gatherMs: 600_000 });
  const first = group.append(1, true);
  await store.begins(0);
  const second = group.append(2);
  store.end(0);
  await first;
  await nextTurn();
  assert.equal(store.written.length, 1, "what was urgent then is not urgent now");
  const third = group.append(3, true);
  await store.begins(1);
  store.end(1);
  await Promise.all([second, third]);
  assert.deepEqual(store.written, [[1], [2, 3]]);
});

test("items that are worth a write do not wait for more", async () => {
  const { store, group } = heldGroup({ gatherMs: 600_000, gatherItems: 3 });
  const first = group.append(1);
  await store.begins(0);
  store.end(0);
  await first;
  const others = [2, 3].map((item) => group.append(item));
  await nextTurn();
  assert.equal(store.written.length, 1, "two are not worth a write");
  others.push(group.append(4));
  await store.begins(1);
  store.end(1);
  await Promise.all(others);
  assert.deepEqual(store.written, [[1], [2, 3, 4]]);
});

test("draining ends the wait that is under way", async () => {
  const { store, group } = heldGroup({ gatherMs: 600_000 });
  const first = group.append(1);
  await store.begins(0);
  store.end(0);
  await first;
  const second = group.append(2);
  await nextTurn();
  await nextTurn();
  const drained = group.drain();
  await store.begins(1);
  store.end(1);
  await Promise.all([second, drained]);
});
