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
function outboxAt(t: TestContext, { last = 0 } = {}) {
  const sent: PushBatch[] = [];
  const asked: { batch: PushBatch; done: PromiseWithResolvers<"ok" | "fenced"> }[] = [];
  let fencings = 0;
  const outbox = new Outbox({
    room: { liveId: LIVE_ID, token: 1 },
    last,
    remember: (_room, kept) => {
      const done = Promise.withResolvers<"ok" | "fenced">();
      asked.push({ batch: kept, done });
      return done.promise;
    },
    whole: () => ({ prev: 0, batches: [] }),
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
    asked.map(({ batch: { ids } }) => ids),
    [[5], [6]],
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
    emit: (one) => sent.push(one),
    fenced: () => assert.fail(),
  });
  const one = batch(0, 5);
  outbox.send(one, one);
  assert.deepEqual([sent, outbox.last], [[one], 5]);
});
