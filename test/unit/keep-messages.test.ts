import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keepMessages, publications } from "../../services/push/keep-messages.ts";
import { danmaku } from "../support/danmaku.ts";
import { danmakus } from "../support/history.ts";

const records = danmakus(1, 10);
const size = Buffer.byteLength(JSON.stringify(records));

describe("publications", () => {
  it("are one when all fits, and read as what they were made of", () => {
    const [one, ...others] = publications(records, size + 1);
    assert.deepEqual(others, []);
    assert.deepEqual(JSON.parse(one?.json ?? ""), records);
  });

  it("are several, in order and none too long, when it does not", () => {
    const all = [...publications(records, Math.ceil(size / 3))];
    assert.ok(all.length > 2);
    for (const { json } of all) assert.ok(Buffer.byteLength(json) <= Math.ceil(size / 3));
    assert.deepEqual(
      all.flatMap(({ json }) => JSON.parse(json)),
      records,
    );
  });

  it("count bytes, not characters", () => {
    const wide = records.map((record) => ({ ...record, content: "弹幕".repeat(50) }));
    for (const { json } of publications(wide, 1_000)) assert.ok(Buffer.byteLength(json) <= 1_000);
  });

  it("leave alone what is too long by itself", () => {
    const long = danmaku(11, { content: "x".repeat(1_000) });
    const all = [...publications([...records.slice(0, 1), long, ...records.slice(1, 2)], 500)];
    assert.deepEqual(
      all.map(({ json }) => JSON.parse(json).map(({ id }: { id: number }) => id)),
      [[1], [11], [2]],
    );
  });

  it("are named by what is in them", () => {
    const names = [...publications(records, 500)].map(({ msgID }) => msgID);
    assert.deepEqual(
      [...publications(records, 500)].map(({ msgID }) => msgID),
      names,
    );
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual([...publications([])], []);
  });
});

describe("keeping messages", () => {
  it("asks the database where there is no channel", async () => {
    const appended: unknown[] = [];
    const append = async (messages: unknown) => void appended.push(messages);
    await keepMessages({ send: null, append })(records);
    assert.deepEqual(appended, [records]);
  });

  it("fails with what could not be sent, and sends nothing after it", async () => {
    const long = danmaku(11, { content: "x".repeat(950_000) });
    let sent = 0;
    const send = async () => {
      sent++;
      throw new Error("full");
    };
    const keep = keepMessages({ send, append: () => Promise.reject(new Error("not asked")) });
    await assert.rejects(keep([long, ...records]), /full/);
    assert.equal(sent, 1);
  });
});
