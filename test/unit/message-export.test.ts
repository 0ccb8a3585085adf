import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { ID_EPOCH_MS } from "../../lib/ids.ts";
import { exportHistory } from "../../services/message/export.ts";
import type { DanmakuFormat } from "../../services/message/formats/index.ts";
import { danmaku } from "../support/danmaku.ts";

const start_time = Math.floor(ID_EPOCH_MS / 1000) + 1_000_000;
const room = { live_id: 42, room_name: "A show", start_time };

/** The first id of a millisecond, counted from the room's start. */
const idAt = (ms: number) => (start_time * 1000 + ms - ID_EPOCH_MS) * 4096;

/** A format that shows what it is told. */
const plain: DanmakuFormat = {
  contentType: "text/plain",
  extension: "txt",
  head: ({ live_id, room_name }) => `<${live_id} ${room_name}>`,
  encode: ({ record, time }) => (record.content === "" ? "" : `${time} ${record.content};`),
  tail: () => "</>",
};

/** Reads from a list as from a database; remembers after which ids. */
function pagesOf(records: MessageRecord[], size: number) {
  const asked: number[] = [];
  const read = async (after: number) => {
    asked.push(after);
    return records.filter(({ id }) => id > after).slice(0, size);
  };
  return { asked, read };
}

describe("an export", () => {
  it("has a head, every message of every page in order, and a tail", async () => {
    const records = [0, 1, 2, 3, 4].map((n) => danmaku(idAt(n * 1000), { content: `m${n}` }));
    const { read } = pagesOf(records, 2);
    assert.equal(
      await text(exportHistory(room, plain, read)),
      "<42 A show>0 m0;1 m1;2 m2;3 m3;4 m4;</>",
    );
  });

  it("tells times to the millisecond, and nothing before the start", async () => {
    const records = [-5, 0, 1, 1234].map((ms) => danmaku(idAt(ms), { content: "x" }));
    const { read } = pagesOf(records, 100);
    assert.equal(
      await text(exportHistory(room, plain, read)),
      "<42 A show>0 x;0 x;0.001 x;1.234 x;</>",
    );
  });

  it("is head and tail for a room in which nobody spoke", async () => {
    const { read } = pagesOf([], 100);
    assert.equal(await text(exportHistory(room, plain, read)), "<42 A show></>");
  });

  it("goes on after a page of which nothing has a place in the format", async () => {
    const records = ["", "", "x"].map((content, n) => danmaku(idAt(n * 1000), { content }));
    const { read } = pagesOf(records, 1);
    assert.equal(await text(exportHistory(room, plain, read)), "<42 A show>2 x;</>");
  });

  it("is UTF-8, in chunks that nobody has to encode", async () => {
    const { read } = pagesOf([danmaku(idAt(0), { content: "弹幕🎉" })], 100);
    const chunks: unknown[] = [];
    for await (const chunk of exportHistory(room, plain, read)) chunks.push(chunk);
    assert.ok(chunks.every((chunk) => Buffer.isBuffer(chunk)));
    assert.match(Buffer.concat(chunks as Buffer[]).toString("utf8"), /弹幕🎉/);
  });

  it("reads no further than a page or two ahead of who takes it", async () => {
    const records = Array.from({ length: 100 }, (_, n) =>
      danmaku(idAt(n), { content: "x".repeat(100_000) }),
    );
    const { asked, read } = pagesOf(records, 1);
    const file = exportHistory(room, plain, read);
    await once(file, "readable");
    file.read(1);
    await new Promise((done) => setImmediate(done));
    assert.ok(asked.length <= 2, `${asked.length} pages`);
    for (let taken = 0; taken < 10; taken++) {
      file.read();
      await once(file, "readable");
    }
    assert.ok(asked.length > 5 && asked.length <= 13, `${asked.length} pages`);
    file.destroy();
  });

  it("reads nothing more when who takes it goes away", async () => {
    const records = Array.from({ length: 100 }, (_, n) =>
      danmaku(idAt(n), { content: "x".repeat(100_000) }),
    );
    const { asked, read } = pagesOf(records, 1);
    const file = exportHistory(room, plain, read);
    await once(file, "readable");
    file.destroy();
    await once(file, "close");
    const before = asked.length;
    await new Promise((done) => setImmediate(done));
    assert.equal(asked.length, before);
  });

  it("is destroyed in the middle when a page cannot be read", async () => {
    const records = [danmaku(idAt(0), { content: "x" })];
    const file = exportHistory(room, plain, async (after) => {
      if (after > 0) throw new Error("gone");
      return records;
    });
    let received = "";
    await assert.rejects(
      async () => {
        for await (const chunk of file) received += chunk;
      },
      { message: "gone" },
    );
    assert.equal(received, "<42 A show>0 x;");
    assert.equal(file.destroyed, true);
  });
});
