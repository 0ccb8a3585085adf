import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { call } from "../../contracts/call.ts";
import { streamOf } from "../../lib/nats/streams.ts";
import messageService from "../../services/message/message.service.ts";
import { publications } from "../../services/push/keep-messages.ts";
import { danmaku } from "../support/danmaku.ts";
import {
  channelsOf,
  danmakus,
  historyOf,
  keeperOf,
  liveService,
  range,
} from "../support/history.ts";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const { env } = await startStack({ after }, { mariadb: true, redis: true, nats: true });
let tests = 0;

/** Nodes with streams of their own; the database is shared, hence ids from a number of their own on. */
function place(t: TestContext) {
  const namespace = `test${++tests}`;
  const first = tests * 1_000_000;
  const node = (services: (typeof liveService)[]) =>
    startNode(t, { services, env, options: { namespace } });
  return {
    stream: streamOf(`${namespace}.danmaku`),
    first,
    sender: () => node([]),
    taker: () => node([liveService, messageService as typeof liveService]),
  };
}

describe("the channel into history", () => {
  it("carries what was sent before anybody was there to take it", async (t) => {
    const { first, sender, taker } = place(t);
    await keeperOf(await sender())(danmakus(first, 5));
    const broker = await taker();
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker, first, first + 99), range(first, first + 4));
  });

  it("holds what is on its way, and says how much, until its taker is there", async (t) => {
    const { first, sender, taker } = place(t);
    const keep = keeperOf(await sender());
    const broker = await taker();
    const lag = () => call(broker, "message.lag", {});
    const none = { waiting: 0, underway: 0, dead_letters: 0 };
    assert.deepEqual(await lag(), none);
    await broker.destroyService(broker.getLocalService("message") as never);
    const channels = channelsOf(broker);
    for (let i = 0; i < 3; i++) await keep(danmakus(first + i, 1));
    assert.deepEqual(await channels.backlog("danmaku"), { waiting: 3, underway: 0 });
    assert.equal(await channels.caughtUp("danmaku", 0), false);
    broker.createService(messageService);
    await waitFor(() => channels.caughtUp("danmaku", 100), { timeoutMs: 15_000 });
    await waitFor(async () => (await historyOf(broker, first, first + 99)).length === 3);
    assert.deepEqual(await lag(), none);
  });

  it("says that it cannot tell how much is on its way while JetStream does not answer", async (t) => {
    const { stream, taker } = place(t);
    const broker = await taker();
    await channelsOf(broker).manager.streams.delete(stream);
    for (const action of ["message.lag", "message.catchUp"] as const)
      await assert.rejects(call(broker, action, {}), { type: "UNAVAILABLE" });
  });

  it("lets the tail of a room wait for what was accepted before", async (t) => {
    const { first, sender, taker } = place(t);
    const keep = keeperOf(await sender());
    const broker = await taker();
    for (let i = 0; i < 20; i++) {
      const live_id = first + i;
      await keep(danmakus(first + i * 50, 50).map((record) => ({ ...record, live_id })));
      const { messages } = await call(broker, "message.tail", { live_id, limit: 100 });
      assert.equal(messages.length, 50);
    }
  });

  it("keeps one of a publication that is sent twice, and all of one delivered twice, out of order", async (t) => {
    const { first, stream, sender, taker } = place(t);
    const node = await sender();
    const send = channelsOf(node).sender("danmaku");
    const [publication] = publications(danmakus(first, 3));
    assert.ok(publication !== undefined);
    const { json, msgID } = publication;
    for (let i = 0; i < 3; i++) await send(json, { msgID, withinMs: 5_000 });
    const { state } = await channelsOf(node).manager.streams.info(stream);
    assert.equal(state.messages, 1);
    const broker = await taker();
    for (const from of [4, 2, 0, 3, 1, 0])
      await send(JSON.stringify(danmakus(first + from, 3).reverse()), {
        msgID: crypto.randomUUID(),
        withinMs: 5_000,
      });
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker, first, first + 99), range(first, first + 6));
  });

  it("refuses when it is full, and drops nothing for that", async (t) => {
    const { first, stream, sender, taker } = place(t);
    const node = await sender();
    const keep = keeperOf(node);
    const { manager } = channelsOf(node);
    const { config } = await manager.streams.info(stream);
    await manager.streams.update(stream, { ...config, max_bytes: 20_000 });
    let kept = 0;
    await assert.rejects(
      async () => {
        for (; kept < 100; kept++) await keep(danmakus(first + kept, 1));
      },
      { name: "PublishError", refused: true, message: /maximum bytes exceeded/ },
    );
    assert.ok(kept > 10 && kept < 100);
    const broker = await taker();
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker, first, first + 999), range(first, first + kept - 1));
    await keep(danmakus(first + 500, 1));
  });

  it("refuses more than NATS takes at once", async (t) => {
    const { first, sender } = place(t);
    const long = danmaku(first, { content: "x".repeat(2 ** 20) });
    await assert.rejects(keeperOf(await sender())([long]), { refused: true });
  });

  it("refuses once its node has stopped, rather than keep quiet about it", async (t) => {
    const { first, sender } = place(t);
    const node = await sender();
    const keep = keeperOf(node);
    await node.stop();
    await assert.rejects(keep(danmakus(first, 1)), { name: "PublishError", refused: true });
  });

  it("puts a message aside that the database refuses, and keeps those around it", async (t) => {
    const { first, sender, taker } = place(t);
    const broker = await taker();
    const records = danmakus(first, 100);
    const unfit = [
      danmaku(first + 3, { user_name: "x".repeat(65) }),
      danmaku(first + 37, { content: null as never }),
      danmaku(first + 61, { user_id: null as never }),
      danmaku(first + 62, { send_time: "yesterday" as never }),
      danmaku(first + 98, { type: 300 as never }),
    ];
    for (const record of unfit) records[record.id - first] = record;
    await keeperOf(await sender())(records);
    await call(broker, "message.catchUp", {});
    const refused = new Set(unfit.map(({ id }) => id));
    const kept = range(first, first + 99).filter((id) => !refused.has(id));
    assert.deepEqual(await historyOf(broker, first, first + 99), kept);

    const letters = await Array.fromAsync(channelsOf(broker).deadLetters.list());
    assert.deepEqual(
      letters.map(({ channel, data }) => [channel, JSON.parse(Buffer.from(data).toString())]),
      unfit.map((record) => ["danmaku", [record]]),
    );
    assert.match(letters[0]?.reason ?? "", /ER_DATA_TOO_LONG/);
    assert.match(letters[1]?.reason ?? "", /is not a message record/);
    assert.equal((await call(broker, "message.lag", {})).dead_letters, unfit.length);
  });

  it("puts aside what is no message at all", async (t) => {
    const { first, sender, taker } = place(t);
    const node = await sender();
    const send = channelsOf(node).sender("danmaku");
    const broker = await taker();
    for (const text of ["{", "null", "[null]", "7", '["a"]'])
      await send(text, { msgID: crypto.randomUUID(), withinMs: 5_000 });
    await keeperOf(node)(danmakus(first, 1));
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker, first, first + 99), [first]);
    assert.equal((await call(broker, "message.lag", {})).dead_letters, 5);
  });
});
