import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PushBatch } from "../../contracts/events.ts";
import { Outbox } from "../../services/push/outbox.ts";
import { waitFor } from "../support/wait-for.ts";

const LIVE_ID = 42;
const batch = (prev: number, ...ids: number[]): PushBatch => ({
  live_id: LIVE_ID,
  prev,
  ids,
  text: ids.map((id) => `id: ${id}\n\n`).join(""),
});
const notice: PushBatch = { live_id: LIVE_ID, prev: 0, ids: [], text: "event: presence\n\n" };

/** An outbox whose store answers when and what the test says. */
function outboxAt(t: TestContext, { last = 0, watched = true } = {}) {
  const sent: PushBatch[] = [];
  const asked: { batches: PushBatch[]; done: PromiseWithResolvers<"ok" | "fenced"> }[] = [];
  let fencings = 0;
  const outbox = new Outbox({
    room: { liveId: LIVE_ID, token: 1 },
    last,
    remember: (_room, kept) => {
      const done = Promise.withResolvers<"ok" | "fenced">();
      asked.push({ batches: kept, done });
      return done.promise;
    },
    whole: () => ({ prev: 0, batches: [] }),
    isWatched: () => watched,
    emit: (one) => sent.push(one),
    fenced: () => fencings++,
  });
  t.after(() => outbox.stop());
  const answer = async (index: number, word: "ok" | "fenced" | Error) => {
    await waitFor(() => asked.length > index);
    const { done } = asked[index] as (typeof asked)[number];
    if (word instanceof Error) done.reject(word);
    else done.resolve(word);
  };
  return { outbox, sent, asked, answer, fencings: () => fencings };
}

test("a batch is sent once it is remembered, and gateways may know of it only then", async (t) => {
  const { outbox, sent, answer } = outboxAt(t);
  const one = batch(0, 5, 6);
  outbox.send(one, one);
  assert.deepEqual([sent, outbox.last], [[], 0]);
  await answer(0, "ok");
  await waitFor(() => sent.length === 1);
  assert.equal(outbox.last, 6);
});

test("batches are remembered one after the other, and notices keep their place", async (t) => {
  const { outbox, sent, asked, answer } = outboxAt(t);
  const [one, two] = [batch(0, 5), batch(5, 6)];
  outbox.send(one, one);
  outbox.send(notice, null);
  outbox.send(two, two);
  await answer(0, "ok");
  await answer(1, "ok");
  await waitFor(() => sent.length === 3);
  assert.deepEqual(sent, [one, notice, two]);
  assert.deepEqual(
    asked.map(({ batches }) => batches),
    [[one], [two]],
  );
});

test("a notice with nothing before it does not wait for the store", (t) => {
  const { outbox, sent } = outboxAt(t);
  outbox.send(notice, null);
  assert.deepEqual(sent, [notice]);
});

test("while the store is away batches wait, and none is lost", async (t) => {
  const { outbox, sent, answer } = outboxAt(t);
  const [one, two] = [batch(0, 5), batch(5, 6)];
  outbox.send(one, one);
  outbox.send(two, two);
  await answer(0, new Error("away"));
  await answer(1, new Error("still away"));
  assert.deepEqual(sent, []);
  await answer(2, "ok");
  await answer(3, "ok");
  await waitFor(() => sent.length === 2);
  assert.deepEqual(sent, [one, two]);
});

test("what comes while the store is asked is remembered together, in its order", async (t) => {
  const { outbox, sent, asked, answer } = outboxAt(t);
  const [one, two, three] = [batch(0, 5), batch(5, 6), batch(6, 7)];
  for (const next of [one, two, three]) outbox.send(next, next);
  await answer(0, "ok");
  await answer(1, new Error("away"));
  await answer(2, "ok");
  await waitFor(() => sent.length === 3);
  assert.deepEqual(
    asked.map(({ batches }) => batches),
    [[one], [two, three], [two, three]],
  );
  assert.deepEqual([sent, outbox.last], [[one, two, three], 7]);
});

test("while nobody watches batches are gathered, and remembered together after a moment", async (t) => {
  const { outbox, sent, asked, answer } = outboxAt(t, { watched: false });
  const [one, two] = [batch(0, 5), batch(5, 6)];
  outbox.send(one, one);
  outbox.send(two, two);
  await answer(0, "ok");
  await waitFor(() => sent.length === 2);
  assert.deepEqual([asked.length, outbox.last], [1, 6]);
});

for (const [what, act] of [
  ["somebody comes to watch", (outbox: Outbox) => outbox.hurry()],
  ["somebody asks what there is", (outbox: Outbox) => void outbox.settled()],
  ["the room closes", (outbox: Outbox) => void outbox.close()],
] as const)
  test(`what was gathered is remembered at once when ${what}`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { outbox, sent, asked, answer } = outboxAt(t, { watched: false });
    const [one, two] = [batch(0, 5), batch(5, 6)];
    outbox.send(one, one);
    outbox.send(two, two);
    await turns();
    assert.equal(asked.length, 0);
    act(outbox);
    await turns();
    assert.deepEqual(asked[0]?.batches, [one, two]);
    await answer(0, "ok");
    await turns();
    assert.deepEqual([sent, outbox.last], [[one, two], 6]);
  });

test("a room that closes gathers nothing any more, also what came while the store was asked", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, sent, answer } = outboxAt(t, { watched: false });
  const [one, two] = [batch(0, 5), batch(5, 6)];
  outbox.send(one, one);
  t.mock.timers.tick(1_000);
  await turns();
  outbox.send(two, two);
  const closed = outbox.close();
  await answer(0, "ok");
  await turns();
  await answer(1, "ok");
  await closed;
  assert.deepEqual([sent, outbox.last], [[one, two], 6]);
});

test("much that is said while nobody watches does not wait", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, sent, asked, answer } = outboxAt(t, { watched: false });
  const ids = Array.from({ length: 50 }, (_, index) => index + 6);
  const [one, two] = [batch(0, 5), batch(5, ...ids)];
  outbox.send(one, one);
  await turns();
  assert.equal(asked.length, 0);
  outbox.send(two, two);
  await turns();
  assert.deepEqual(asked[0]?.batches, [one, two]);
  await answer(0, "ok");
  await turns();
  assert.deepEqual(sent, [one, two]);
});

test("who asks what there is waits for the store, but not for ever", async (t) => {
  const { outbox, answer } = outboxAt(t);
  const one = batch(0, 5);
  await outbox.settled();
  outbox.send(one, one);
  await outbox.settled();
  assert.equal(outbox.last, 0, "the store has not answered");
  const settled = outbox.settled();
  await answer(0, "ok");
  await settled;
  assert.equal(outbox.last, 5);
});

test("who is no longer the owner reaches nobody any more", async (t) => {
  const { outbox, sent, asked, answer, fencings } = outboxAt(t);
  const [one, two] = [batch(0, 5), batch(5, 6)];
  outbox.send(one, one);
  outbox.send(two, two);
  await answer(0, "fenced");
  await outbox.close();
  outbox.send(notice, null);
  assert.deepEqual([sent, fencings(), asked.length, outbox.last], [[], 1, 1, 0]);
});

test("where nothing has to be remembered everything is sent at once", () => {
  const sent: PushBatch[] = [];
  const outbox = new Outbox({
    room: { liveId: LIVE_ID, token: 0 },
    last: 0,
    remember: null,
    whole: () => assert.fail(),
    isWatched: () => assert.fail(),
    emit: (one) => sent.push(one),
    fenced: () => assert.fail(),
  });
  const one = batch(0, 5);
  outbox.send(one, one);
  assert.deepEqual([sent, outbox.last], [[one], 5]);
});

/** Lets everything happen that waits for no timer. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}
