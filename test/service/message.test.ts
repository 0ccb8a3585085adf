import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { cleanUp } from "../support/cleanup.ts";
import { danmaku, LIVE_ID } from "../support/danmaku.ts";
import { startMessageNode } from "../support/message-node.ts";

describe("message.append", () => {
  it("keeps messages before it answers", async (t) => {
    const { broker, database } = await startMessageNode(t, [danmaku(1), danmaku(2)]);
    const [rows] = await database.query("SELECT id FROM messages");
    assert.deepEqual(rows, [{ id: 1 }, { id: 2 }]);
    assert.deepEqual(await call(broker, "message.append", { messages: [danmaku(2)] }), {});
  });

  it("answers SEND_FAILED, which may be retried, when the commit fails", async (t) => {
    const { broker, lose } = await startMessageNode(t);
    await lose();
    await assert.rejects(call(broker, "message.append", { messages: [danmaku(1)] }), {
      type: "SEND_FAILED",
      code: 503,
      retryable: true,
      data: null,
    });
  });

  it("answers UNAVAILABLE while someone else holds the database, and works afterwards", async (t) => {
    const { broker, database, env } = await startMessageNode(t);
    await database.query("PRAGMA busy_timeout = 1");
    const other = openDatabase(env);
    cleanUp(t, () => other.close());
    await other.query("BEGIN IMMEDIATE");
    await assert.rejects(call(broker, "message.append", { messages: [danmaku(1)] }), {
      type: "UNAVAILABLE",
      retryable: true,
    });
    await other.query("ROLLBACK");
    await call(broker, "message.append", { messages: [danmaku(2)] });
    const { messages } = await call(broker, "message.tail", { live_id: LIVE_ID, limit: 10 });
    assert.deepEqual(messages, [danmaku(2)]);
  });

  it("takes no empty list and nothing besides", async (t) => {
    const { broker } = await startMessageNode(t);
    for (const params of [
      {},
      { messages: [] },
      { messages: [1] },
      { messages: [danmaku(1)], x: 1 },
    ])
      await assert.rejects(broker.call("message.append", params), { type: "VALIDATION_ERROR" });
  });
});

describe("message.tail", () => {
  it("answers the last messages as they are kept and the id before them", async (t) => {
    const { broker } = await startMessageNode(t, [danmaku(1), danmaku(2), danmaku(3)]);
    assert.deepEqual(await call(broker, "message.tail", { live_id: LIVE_ID, limit: 2 }), {
      messages: [danmaku(2), danmaku(3)],
      prev: 1,
    });
  });

  it("answers HISTORY_FAILED without inner details when it cannot read", async (t) => {
    const { broker, lose } = await startMessageNode(t);
    await lose();
    await assert.rejects(call(broker, "message.tail", { live_id: LIVE_ID, limit: 2 }), {
      type: "HISTORY_FAILED",
      code: 500,
      message: "get history messages failed",
      data: null,
    });
  });
});

describe("message.single", () => {
  it("answers a message as clients see it", async (t) => {
    const { broker } = await startMessageNode(t, [danmaku(1)]);
    assert.deepEqual(await call(broker, "message.single", { id: 1 }), {
      message: {
        type: 0,
        id: 1,
        user_id: 7,
        live_id: LIVE_ID,
        live_time: 0,
        send_time: 1_700_000_000,
        content: "danmaku 1",
        user_name: "小明",
      },
    });
  });

  it("finds lottery messages by their own id, not by the lottery's", async (t) => {
    const { broker } = await startMessageNode(t, [danmaku(5, { type: 3, lottery_id: 77 })]);
    const { message } = await call(broker, "message.single", { id: 5 });
    assert.deepEqual([message.id, message.message_id], [77, 5]);
    await assert.rejects(call(broker, "message.single", { id: 77 }), { type: "MESSAGE_NOT_FOUND" });
  });

  it("answers MESSAGE_READ_FAILED when it cannot read", async (t) => {
    const { broker, lose } = await startMessageNode(t);
    await lose();
    await assert.rejects(call(broker, "message.single", { id: 1 }), {
      type: "MESSAGE_READ_FAILED",
      code: 500,
      data: null,
    });
  });
});

describe("message.multi", () => {
  const multi = (broker: ServiceBroker, from: number, offset: number) =>
    call(broker, "message.multi", { live_id: LIVE_ID, start_time: from, offset });

  it("answers what was said in those seconds, ascending", async (t) => {
    const { broker } = await startMessageNode(
      t,
      [4, 3, 5, 6, 2].map((live_time, i) => danmaku(i + 1, { live_time })),
    );
    const { messages } = await multi(broker, 3, 2);
    assert.deepEqual(
      messages.map(({ id, live_time }) => [id, live_time]),
      [
        [2, 3],
        [1, 4],
        [3, 5],
      ],
    );
  });

  it("answers no more than 100", async (t) => {
    const { broker } = await startMessageNode(
      t,
      Array.from({ length: 150 }, (_, i) => danmaku(i + 1, { live_time: 1 })),
    );
    const { messages } = await multi(broker, 0, 10);
    assert.deepEqual([messages.length, messages.at(-1)?.id], [100, 100]);
  });

  it("takes seconds as large as an id can be", async (t) => {
    const { broker } = await startMessageNode(t, [danmaku(1, { live_time: 9 })]);
    assert.equal((await multi(broker, 9, Number.MAX_SAFE_INTEGER)).messages.length, 1);
    const far = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(await multi(broker, far, far), { messages: [] });
  });

  it("answers ROOM_NOT_FOUND for a room that does not exist, and asks for one only once", async (t) => {
    const { broker, asked } = await startMessageNode(t);
    for (const _ of [1, 2])
      await assert.rejects(
        call(broker, "message.multi", { live_id: 5, start_time: 0, offset: 1 }),
        { type: "ROOM_NOT_FOUND" },
      );
    await multi(broker, 0, 1);
    await multi(broker, 0, 1);
    assert.deepEqual(asked, ["card", "card", "card"]);
  });

  it("answers HISTORY_FAILED when it cannot read", async (t) => {
    const { broker, lose } = await startMessageNode(t);
    await lose();
    await assert.rejects(multi(broker, 0, 1), { type: "HISTORY_FAILED", data: null });
  });
});

describe("message.density", () => {
  const messages = [0, 1, 1, 7, 12].map((live_time, i) => danmaku(i + 1, { live_time }));

  it("counts the messages of each bucket from the start to the last message", async (t) => {
    const { broker } = await startMessageNode(t, messages);
    assert.deepEqual(await call(broker, "message.density", { live_id: LIVE_ID, bucket: 5 }), {
      live_id: LIVE_ID,
      bucket: 5,
      counts: [3, 1, 1],
    });
  });

  it("chooses the bucket by the length of the show", async (t) => {
    const { broker } = await startMessageNode(t, [...messages, danmaku(9, { live_time: 3599 })]);
    const { bucket, counts } = await call(broker, "message.density", { live_id: LIVE_ID });
    assert.deepEqual([bucket, counts.length, counts[0], counts.at(-1)], [20, 180, 5, 1]);
  });

  it("has no buckets for a room in which nobody spoke", async (t) => {
    const { broker } = await startMessageNode(t);
    assert.deepEqual(await call(broker, "message.density", { live_id: LIVE_ID }), {
      live_id: LIVE_ID,
      bucket: 1,
      counts: [],
    });
  });

  it("names the field when there would be too many buckets", async (t) => {
    const { broker } = await startMessageNode(t, [danmaku(1, { live_time: 100_000 })]);
    await assert.rejects(call(broker, "message.density", { live_id: LIVE_ID, bucket: 1 }), {
      type: "BAD_REQUEST",
      data: {
        fields: [{ field: "bucket", problem: "makes more than 2000 buckets; 51 is the least" }],
      },
    });
  });

  it("answers ROOM_NOT_FOUND for a room that does not exist", async (t) => {
    const { broker } = await startMessageNode(t);
    await assert.rejects(call(broker, "message.density", { live_id: 5 }), {
      type: "ROOM_NOT_FOUND",
    });
  });
});

describe("the message service", () => {
  it("lets the gateway reach what clients may ask and nothing else", async (t) => {
    const { broker } = await startMessageNode(t);
    const visibility = (action: string) => {
      const endpoint = broker.findNextActionEndpoint(`message.${action}`);
      return "action" in endpoint ? endpoint.action.visibility : null;
    };
    for (const action of ["append", "tail"]) assert.equal(visibility(action), "public", action);
    for (const action of ["single", "multi", "density", "export"])
      assert.equal(visibility(action), "published", action);
    for (const action of ["list", "find", "get", "create", "insert", "update", "remove", "count"])
      assert.equal(broker.registry.actions.isAvailable(`message.${action}`), false, action);
  });
});
