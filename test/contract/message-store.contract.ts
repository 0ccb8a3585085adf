import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ModelStatic, Sequelize } from "sequelize";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { migrations } from "../../lib/database/migrate.ts";
import { type MessageModel, messageEntity } from "../../services/message/message.model.ts";
import {
  countPerBucket,
  findBetween,
  findLastId,
  findLastTime,
  findMessage,
  findPage,
  findTail,
} from "../../services/message/message.repo.ts";
import { openMessageWriter } from "../../services/message/open-message-writer.repo.ts";
import { cleanUp } from "../support/cleanup.ts";
import { danmaku, LIVE_ID } from "../support/danmaku.ts";

/** What every database has to do as a store of messages. `open` answers one without any tables. */
export function messageStoreContract(
  name: string,
  open: (t: TestContext) => Promise<Sequelize>,
): void {
  async function store(t: TestContext, kept: MessageRecord[] = []) {
    const database = await open(t);
    await migrations(database).up();
    const writer = openMessageWriter(database);
    cleanUp(t, () => writer.close());
    const messages = database.define(
      messageEntity.name,
      messageEntity.define,
    ) as ModelStatic<MessageModel>;
    if (kept.length > 0) await writer.append(kept);
    const all = () =>
      findPage(messages, { live_id: LIVE_ID, after: 0, upTo: 2 ** 53 - 1 }, 100_000);
    return { database, writer, messages, all };
  }

  describe(`a store of messages: ${name}`, () => {
    it("gives every field of a message back as it was", async (t) => {
      const kept: MessageRecord[] = [
        danmaku(1),
        danmaku(2, { type: 1, data: { gift_name: '"火箭" \\ \'🚀', gift_count: 9 } }),
        danmaku(3, { style: { mode: "top", color: "#FF00aa", size: "small" } }),
        danmaku(4, { type: 4, lottery_id: 2 ** 53 - 3, content: "[1,2]" }),
        danmaku(2 ** 53 - 1, {
          user_id: 2 ** 53 - 2,
          live_time: 2 ** 31 - 1,
          send_time: 4_000_000_000,
        }),
      ];
      const { messages } = await store(t, kept);
      for (const record of kept) assert.deepEqual(await findMessage(messages, record.id), record);
    });

    const texts = [
      "'); DROP TABLE messages; --",
      'it\'s "quoted" \\ \\n \\u0041 $1 ? :id %s',
      "line\nbreak\ttab",
      "𝕏 👩‍👩‍👧 \u200b\u2028 e\u0301",
      " trailing  ",
      "[1]",
      "null",
      "1e3",
    ];
    it("keeps any text as it is", async (t) => {
      const { messages } = await store(
        t,
        texts.map((content, i) => danmaku(i + 1, { content, user_name: content })),
      );
      for (const [i, text] of texts.entries()) {
        const { content, user_name } = (await findMessage(messages, i + 1)) ?? {};
        assert.deepEqual([content, user_name], [text, text]);
      }
    });

    it("keeps a million characters of winners", async (t) => {
      const content = `[${"373000000000001,".repeat(62_000)}1]`;
      const { messages } = await store(t, [danmaku(1, { type: 4, lottery_id: 5, content })]);
      assert.equal((await findMessage(messages, 1))?.content, content);
    });

    it("keeps a thousand messages in one go", async (t) => {
      const many = Array.from({ length: 1000 }, (_, i) => danmaku(i + 1, { live_time: i }));
      const { all } = await store(t, many);
      assert.deepEqual(await all(), many);
    });

    it("leaves a message alone whose id it has, and keeps the others of that batch", async (t) => {
      const { writer, all } = await store(t, [danmaku(1), danmaku(2)]);
      await writer.append([danmaku(2, { content: "other" }), danmaku(3), danmaku(3)]);
      assert.deepEqual(await all(), [danmaku(1), danmaku(2), danmaku(3)]);
    });

    it("keeps all of a batch or nothing", async (t) => {
      const { writer, all } = await store(t);
      const broken = danmaku(2, { user_name: null as unknown as string });
      await assert.rejects(writer.append([danmaku(1), broken, danmaku(3)]), { name: /Error$/ });
      assert.deepEqual(await all(), []);
      await writer.append([danmaku(1)]);
      assert.deepEqual(await all(), [danmaku(1)]);
    });

    it("refuses what is no message by its place", async (t) => {
      const { writer, all } = await store(t);
      const unfit = [
        { user_id: "7" },
        { user_name: null },
        { type: 300 },
        { live_time: 2 ** 31 },
        { send_time: "now" },
        { content: 1 },
        { data: { gift_name: "x".repeat(65_536) } },
        { style: "bold" },
        { lottery_id: 0.5 },
      ].map((different) => danmaku(2, different as Partial<MessageRecord>));
      const numbers = [danmaku(0), danmaku(1.5), danmaku("1" as unknown as number)];
      for (const broken of [null, 7, {}, ...numbers, ...unfit])
        await assert.rejects(writer.append([danmaku(1), broken as unknown as MessageRecord]), {
          type: "BAD_REQUEST",
          data: { fields: [{ field: "messages[1]", problem: "is not a message record" }] },
        });
      assert.deepEqual(await all(), []);
    });

    it("keeps everything that many append at the same time", async (t) => {
      const { writer, all } = await store(t);
      const batches = Array.from({ length: 40 }, (_, i) =>
        Array.from({ length: 25 }, (_, k) => danmaku(1 + i + k * 40)),
      );
      await Promise.all(batches.map((batch) => writer.append(batch)));
      assert.deepEqual(
        (await all()).map(({ id }) => id),
        Array.from({ length: 1000 }, (_, i) => i + 1),
      );
    });

    it("goes on after the table was missing for a while", async (t) => {
      const { database, writer, all } = await store(t, [danmaku(1)]);
      await migrations(database).down({ to: 0 });
      await assert.rejects(writer.append([danmaku(2)]), { name: "SequelizeDatabaseError" });
      await migrations(database).up();
      await writer.append([danmaku(3)]);
      assert.deepEqual(await all(), [danmaku(3)]);
    });

    it("takes nothing after it was closed", async (t) => {
      const { writer, all } = await store(t, [danmaku(1)]);
      await writer.close();
      await assert.rejects(writer.append([danmaku(2)]), { type: "UNAVAILABLE" });
      assert.deepEqual(await all(), [danmaku(1)]);
    });

    it("has no message of an id that was never given", async (t) => {
      const { messages } = await store(t, [danmaku(1)]);
      assert.equal(await findMessage(messages, 2), null);
    });

    it("tells the last messages of a room and the id before them", async (t) => {
      const other = danmaku(5, { live_id: 9 });
      const { messages } = await store(t, [danmaku(1), danmaku(3), danmaku(4), other, danmaku(6)]);
      assert.deepEqual(await findTail(messages, LIVE_ID, 2), {
        messages: [danmaku(4), danmaku(6)],
        prev: 3,
      });
      assert.equal((await findTail(messages, LIVE_ID, 4)).prev, 0);
      assert.equal((await findTail(messages, LIVE_ID, 5)).messages.length, 4);
      assert.deepEqual(await findTail(messages, 8, 5), { messages: [], prev: 0 });
    });

    it("orders a tail by id, also where seconds say otherwise", async (t) => {
      const { messages } = await store(t, [
        danmaku(1, { live_time: 9 }),
        danmaku(2, { live_time: 8 }),
      ]);
      const { messages: tail } = await findTail(messages, LIVE_ID, 5);
      assert.deepEqual(
        tail.map(({ id }) => id),
        [1, 2],
      );
    });

    it("finds what was said between two seconds, both included, in order", async (t) => {
      const times = [5, 6, 6, 7, 9, 7, 10];
      const { messages } = await store(t, [
        ...times.map((live_time, i) => danmaku(i + 1, { live_time })),
        danmaku(99, { live_id: 9, live_time: 7 }),
      ]);
      const ids = async (from: number, to: number, limit = 100) =>
        (await findBetween(messages, { live_id: LIVE_ID, from, to }, limit)).map(({ id }) => id);
      assert.deepEqual(await ids(6, 9), [2, 3, 4, 6, 5]);
      assert.deepEqual(await ids(6, 9, 3), [2, 3, 4]);
      assert.deepEqual(await ids(7, 7), [4, 6]);
      assert.deepEqual(await ids(8, 8), []);
      assert.deepEqual(await ids(10, Number.MAX_SAFE_INTEGER), [7]);
    });

    it("goes through a room page by page and no further than told", async (t) => {
      const { messages } = await store(
        t,
        [1, 2, 4, 8, 16].map((id) => danmaku(id)),
      );
      const page = async (after: number) =>
        (await findPage(messages, { live_id: LIVE_ID, after, upTo: 8 }, 2)).map(({ id }) => id);
      assert.deepEqual([await page(0), await page(2), await page(8)], [[1, 2], [4, 8], []]);
      assert.equal(await findLastId(messages, LIVE_ID), 16);
      assert.equal(await findLastId(messages, 9), 0);
    });

    it("counts the messages of each bucket of a room", async (t) => {
      const times = Array.from({ length: 400 }, (_, i) => (i * i) % 97);
      const { messages } = await store(t, [
        ...times.map((live_time, i) => danmaku(i + 1, { live_time })),
        danmaku(999, { live_id: 9, live_time: 3 }),
      ]);
      assert.equal(await findLastTime(messages, LIVE_ID), Math.max(...times));
      assert.equal(await findLastTime(messages, 8), null);
      for (const bucket of [1, 7, 50, 200]) {
        const counted = await countPerBucket(messages, { live_id: LIVE_ID, bucket, end: 80 });
        const expected = new Map<number, number>();
        for (const time of times.filter((time) => time < 80)) {
          const start = Math.floor(time / bucket) * bucket;
          expected.set(start, (expected.get(start) ?? 0) + 1);
        }
        assert.deepEqual(new Map(counted.map(({ start, count }) => [start, count])), expected);
      }
    });
  });
}
