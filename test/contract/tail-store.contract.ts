import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { PushBatch } from "../../contracts/events.ts";
import {
  keepBatches,
  type StoredTail,
  type TailLimits,
  type TailStore,
} from "../../lib/tail-store/tail-store.ts";
import { chance } from "../support/chance.ts";
import { waitFor } from "../support/wait-for.ts";

const LIVE_ID = 373_000_000_000_001;
/** The tokens of three owners, one after the other. */
const [FIRST, SECOND, THIRD] = [
  1_790_000_000_000_000, 1_790_000_000_000_001, 1_790_000_000_000_002,
];

/** What a store of tails has to do. `open` answers what makes one more client of the same tails. */
export function tailStoreContract(
  name: string,
  open: (t: TestContext) => Promise<(limits?: TailLimits) => TailStore>,
): void {
  async function kept(t: TestContext, batches: PushBatch[], limits?: TailLimits) {
    const make = await open(t);
    const store = make(limits);
    for (const batch of batches) assert.equal(await store.append(LIVE_ID, FIRST, batch), "ok");
    return { store, other: make(limits) };
  }

  describe(`a store of tails: ${name}`, () => {
    it("keeps nothing of a room that it does not know", async (t) => {
      const { store } = await kept(t, []);
      assert.equal(await store.load(LIVE_ID, FIRST), null);
    });

    it("gives a new owner every batch as it was", async (t) => {
      const batches = [
        batchOf(0, [1, 2], { text: 'id: 1\ndata: {"content":"弹幕 👩‍👩‍👧 \\u2028"}\n\n' }),
        batchOf(2, [9], { own: [{ user_id: 7, text: "data: mine\n\n" }] }),
        batchOf(9, [Number.MAX_SAFE_INTEGER], { text: "", ended: true }),
      ];
      const { other } = await kept(t, batches);
      assert.deepEqual(await other.load(LIVE_ID, SECOND), { prev: 0, batches });
    });

    it("keeps rooms apart", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])]);
      await store.append(LIVE_ID + 1, FIRST, batchOf(0, [5]));
      assert.deepEqual(idsOf(await store.load(LIVE_ID, FIRST)), [1]);
      assert.deepEqual(idsOf(await store.load(LIVE_ID + 1, FIRST)), [5]);
    });

    it("gives out a copy: who changes it changes nothing", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])]);
      const tail = await store.load(LIVE_ID, FIRST);
      assert.ok(tail !== null && tail !== "fenced");
      tail.batches.push(batchOf(1, [2]));
      tail.prev = 7;
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 0, batches: [batchOf(0, [1])] });
    });

    it("refuses the owner of before as soon as the next one has read the tail", async (t) => {
      const { store, other } = await kept(t, [batchOf(0, [1])]);
      await other.load(LIVE_ID, SECOND);
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(1, [2])), "fenced");
      assert.equal(await store.replace(LIVE_ID, FIRST, { prev: 0, batches: [] }), "fenced");
      assert.equal(await store.load(LIVE_ID, FIRST), "fenced");
      assert.equal(await other.append(LIVE_ID, SECOND, batchOf(1, [3])), "ok");
      assert.deepEqual(idsOf(await other.load(LIVE_ID, SECOND)), [1, 3]);
    });

    it("refuses the owner of before as soon as the next one has written", async (t) => {
      const { store, other } = await kept(t, [batchOf(0, [1])]);
      assert.equal(await other.append(LIVE_ID, SECOND, batchOf(1, [2])), "ok");
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(2, [3])), "fenced");
      assert.equal(await other.replace(LIVE_ID, THIRD, { prev: 2, batches: [] }), "ok");
      assert.equal(await other.append(LIVE_ID, SECOND, batchOf(2, [3])), "fenced");
    });

    it("refuses lower tokens also in a room of which nothing was ever kept", async (t) => {
      const { store } = await kept(t, []);
      await store.load(LIVE_ID, SECOND);
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(0, [1])), "fenced");
      assert.equal(await store.append(LIVE_ID + 1, THIRD, batchOf(1, [2])), "gap");
      assert.equal(await store.append(LIVE_ID + 1, SECOND, batchOf(0, [2])), "fenced");
    });

    it("takes no batch that does not follow the last one", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1]), batchOf(1, [5])]);
      for (const strange of [batchOf(4, [6]), batchOf(6, [7]), batchOf(0, [8]), batchOf(1, [4])])
        assert.equal(await store.append(LIVE_ID, FIRST, strange), "gap");
      assert.deepEqual(idsOf(await store.load(LIVE_ID, FIRST)), [1, 5]);
    });

    it("takes no batch from the middle of a room when it keeps nothing", async (t) => {
      const { store } = await kept(t, []);
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(7, [8])), "gap");
      assert.equal(await store.load(LIVE_ID, FIRST), null);
    });

    it("takes the repetition of an append for what it is", async (t) => {
      const batches = [batchOf(0, [1, 2]), batchOf(2, [3]), batchOf(3, [4])];
      const { store } = await kept(t, batches);
      for (const batch of batches) assert.equal(await store.append(LIVE_ID, FIRST, batch), "ok");
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 0, batches });
    });

    it("takes several batches at once, all or none", async (t) => {
      const { store } = await kept(t, []);
      const one = batchOf(0, [1, 2]);
      const two = batchOf(2, [3]);
      const three = batchOf(3, [4, 5, 6]);
      const four = batchOf(6, [8]);
      assert.equal(await store.append(LIVE_ID, FIRST, one, two), "ok");
      assert.equal(await store.append(LIVE_ID, FIRST, one, two), "ok", "they are there already");
      assert.equal(await store.append(LIVE_ID, FIRST, four), "gap");
      assert.equal(await store.append(LIVE_ID, FIRST, three, four), "ok");
      assert.deepEqual(await store.load(LIVE_ID, FIRST), {
        prev: 0,
        batches: [one, two, three, four],
      });
      await assert.rejects(store.append(LIVE_ID, FIRST, one, three), RangeError);
      await assert.rejects(store.append(LIVE_ID, FIRST), RangeError);
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(7, [9]), batchOf(9, [10])), "gap");
    });

    it("keeps as many messages as it was told also when several batches come at once", async (t) => {
      const batches = chain(0, [1, 2, 3, 4]);
      const { store } = await kept(t, [], { messages: 5 });
      assert.equal(await store.append(LIVE_ID, FIRST, ...batches), "ok");
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 3, batches: batches.slice(2) });
    });

    it("keeps another tail instead, and goes on from it", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])]);
      const batches = [batchOf(3, [4, 5]), batchOf(5, [6])];
      assert.equal(await store.replace(LIVE_ID, FIRST, { prev: 3, batches }), "ok");
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 3, batches });
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(6, [7])), "ok");
      assert.deepEqual(idsOf(await store.load(LIVE_ID, FIRST)), [4, 5, 6, 7]);
    });

    it("begins with an empty tail in the middle of a room", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])]);
      await store.replace(LIVE_ID, FIRST, { prev: 8, batches: [] });
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 8, batches: [] });
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(0, [1])), "gap");
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(8, [9])), "ok");
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 8, batches: [batchOf(8, [9])] });
    });

    it("keeps a thousand messages, or all batches that it takes to have them", async (t) => {
      const batches = chain(0, [300, 300, 300, 300, 300]);
      const { store } = await kept(t, batches);
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 300, batches: batches.slice(1) });
    });

    it("keeps as many messages as it was told, and one batch at least", async (t) => {
      const batches = chain(0, [1, 2, 3, 4]);
      const { store } = await kept(t, batches, { messages: 5 });
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 3, batches: batches.slice(2) });
      const big = batchOf(10, [11, 12, 13, 14, 15, 16, 17]);
      await store.append(LIVE_ID, FIRST, big);
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 10, batches: [big] });
    });

    it("keeps the end of a tail that is put down too long", async (t) => {
      const batches = chain(0, [1, 2, 3, 4]);
      const { store } = await kept(t, [], { messages: 5 });
      await store.replace(LIVE_ID, FIRST, { prev: 0, batches });
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 3, batches: batches.slice(2) });
      await store.append(LIVE_ID, FIRST, batchOf(10, [11]));
      assert.deepEqual(idsOf(await store.load(LIVE_ID, FIRST)), [7, 8, 9, 10, 11]);
    });

    it("forgets a tail that is dropped, but not who may write", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])]);
      await store.load(LIVE_ID, SECOND);
      await store.drop(LIVE_ID);
      await store.drop(LIVE_ID + 1);
      assert.equal(await store.load(LIVE_ID, SECOND), null);
      assert.equal(await store.append(LIVE_ID, FIRST, batchOf(0, [1])), "fenced");
      assert.equal(await store.append(LIVE_ID, SECOND, batchOf(0, [1])), "ok");
    });

    it("forgets a room that nobody writes to for a while", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])], { ttlMs: 200 });
      await store.load(LIVE_ID + 1, SECOND);
      const forgotten = async () => (await store.append(LIVE_ID, FIRST, batchOf(1, [2]))) === "gap";
      await waitFor(forgotten, { intervalMs: 400, message: "the room to be forgotten" });
      assert.equal(await store.load(LIVE_ID + 1, FIRST), null, "with the token");
    });

    it("remembers a room for as long as it is written to", async (t) => {
      const { store } = await kept(t, [batchOf(0, [1])], { ttlMs: 1_000 });
      const until = performance.now() + 2_000;
      let last = 1;
      await waitFor(
        async () => {
          assert.equal(await store.append(LIVE_ID, FIRST, batchOf(last, [last + 1])), "ok");
          last++;
          return performance.now() > until;
        },
        { intervalMs: 50 },
      );
      const ids = idsOf(await store.load(LIVE_ID, FIRST));
      assert.deepEqual([ids[0], ids.at(-1)], [1, last]);
    });

    it("refuses batches and tails that cannot be", async (t) => {
      const { store } = await kept(t, []);
      for (const bad of [batchOf(0, []), batchOf(5, [5]), batchOf(0, [2, 1]), batchOf(0, [1, 1])]) {
        await assert.rejects(store.append(LIVE_ID, FIRST, bad), RangeError);
        await assert.rejects(
          store.replace(LIVE_ID, FIRST, { prev: bad.prev, batches: [bad] }),
          RangeError,
        );
      }
      const holes = { prev: 0, batches: [batchOf(0, [1]), batchOf(2, [3])] };
      await assert.rejects(store.replace(LIVE_ID, FIRST, holes), RangeError);
      assert.equal(await store.load(LIVE_ID, FIRST), null);
    });

    it("takes in order what is appended without waiting for the one before", async (t) => {
      const { store } = await kept(t, []);
      const batches = chain(0, Array(200).fill(2));
      const answers = await Promise.all(batches.map((b) => store.append(LIVE_ID, FIRST, b)));
      assert.deepEqual([...new Set(answers)], ["ok"]);
      assert.deepEqual(await store.load(LIVE_ID, FIRST), { prev: 0, batches });
    });

    it("is whole again after one append when it had lost something", async (t) => {
      const { store } = await kept(t, []);
      const whole = { prev: 0, batches: chain(0, [3, 3, 3]) };
      const room = { liveId: LIVE_ID, token: SECOND };
      const last = whole.batches.at(-1) as PushBatch;
      assert.equal(await keepBatches(store, room, [last], () => whole), "ok");
      assert.deepEqual(await store.load(LIVE_ID, SECOND), whole);
      assert.equal(
        await keepBatches(store, { ...room, token: FIRST }, [last], () => whole),
        "fenced",
      );
    });

    it("stays contiguous and true whatever owners do, and lets only the latest of them write", async (t) => {
      const { whole, pick } = chance(t);
      const make = await open(t);
      const owners = [make(), make(), make()].map((store) => ({
        store,
        token: 0,
        tail: { prev: 0, batches: [] } as StoredTail,
      }));
      let token = FIRST;
      let highest = 0;
      let takeovers = 0;
      for (let turn = 0; turn < 400; turn++) {
        const owner = pick(owners);
        const act = pick(["take over", "push", "push", "push", "push", "forget", "lose"]);
        if (act === "take over") {
          owner.token = ++token;
          const tail = await owner.store.load(LIVE_ID, token);
          assert.notEqual(tail, "fenced");
          if (tail !== null && tail !== "fenced") owner.tail = tail;
          takeovers++;
        } else if (act === "push" && owner.token > 0) {
          const last = lastOf(owner.tail);
          highest = Math.max(highest, last) + whole(1, 5);
          const batch = batchOf(last, [highest]);
          owner.tail.batches.push(batch);
          const room = { liveId: LIVE_ID, token: owner.token };
          const answer = await keepBatches(owner.store, room, [batch], () => owner.tail);
          assert.equal(answer, owner.token === token ? "ok" : "fenced");
        } else if (act === "forget" && whole(1, 10) === 1) {
          await owner.store.drop(LIVE_ID);
        } else if (act === "lose" && owner.token > 0) {
          // An append whose answer never came, or that never arrived.
          const batch = batchOf(lastOf(owner.tail), [++highest]);
          owner.tail.batches.push(batch);
          if (whole(0, 1) === 1) await owner.store.append(LIVE_ID, owner.token, batch);
        }
        const latest = owners.find((o) => o.token === token);
        const kept = await make().load(LIVE_ID, token);
        assert.notEqual(kept, "fenced");
        if (kept !== null && kept !== "fenced" && latest !== undefined)
          assertPartOf(kept, latest.tail);
      }
      assert.ok(takeovers > 20);
    });
  });
}

/** That a kept tail is contiguous, and lacks at most the beginning or the end of what its owner knows. */
function assertPartOf(kept: StoredTail, tail: StoredTail): void {
  let prev = kept.prev;
  for (const batch of kept.batches) {
    assert.equal(batch.prev, prev);
    prev = batch.ids.at(-1) ?? prev;
  }
  const known = tail.batches.map(({ ids }) => ids.at(-1));
  const ids = kept.batches.map(({ ids }) => ids.at(-1));
  if (ids.length > 0) {
    const start = known.indexOf(ids[0]);
    assert.ok(start >= 0);
    assert.deepEqual(ids, known.slice(start, start + ids.length));
  }
}

function batchOf(prev: number, ids: number[], rest: Partial<PushBatch> = {}): PushBatch {
  const text = ids.map((id) => `id: ${id}\ndata: {"id":${id},"content":"好"}\n\n`).join("");
  return { live_id: LIVE_ID, prev, ids, text, ...rest };
}

/** Contiguous batches of so many messages each, whose ids count up by one. */
function chain(prev: number, sizes: number[]): PushBatch[] {
  let last = prev;
  return sizes.map((size) => {
    const batch = batchOf(
      last,
      Array.from({ length: size }, (_, i) => last + 1 + i),
    );
    last += size;
    return batch;
  });
}

function idsOf(tail: StoredTail | null | "fenced"): number[] {
  assert.ok(tail !== null && tail !== "fenced");
  return tail.batches.flatMap(({ ids }) => ids);
}

function lastOf(tail: StoredTail): number {
  return tail.batches.at(-1)?.ids.at(-1) ?? tail.prev;
}
