import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Context, ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { danmaku, LIVE_ID } from "../support/danmaku.ts";
import { idAt, startMessageNode } from "../support/message-node.ts";

describe("message.export", () => {
  const kept = [0, 1500, 2250].map((ms, i) =>
    danmaku(idAt(ms), { live_time: Math.floor(ms / 1000), content: `m${i} 弹幕` }),
  );

  /** The file and what its headers are made of. */
  async function take(broker: ServiceBroker, format: string) {
    const answer = broker.call<Readable, object>("message.export", { live_id: LIVE_ID, format });
    const { meta } = (answer as typeof answer & { ctx: Context }).ctx;
    return { file: await text(await answer), meta: meta as Record<string, unknown> };
  }

  for (const [format, type] of [
    ["xml", /^application\/xml|^text\/xml/],
    ["json", /^application\/json/],
    ["ass", /^text\//],
  ] as const)
    it(`answers a file as ${format}, with its type and name`, async (t) => {
      const { broker } = await startMessageNode(t, kept);
      const { file, meta } = await take(broker, format);
      assert.match(String(meta.$responseType), type);
      assert.deepEqual(meta.$responseHeaders, {
        "Content-Disposition": `attachment; filename="danmaku-${LIVE_ID}.${format}"`,
      });
      const places = kept.map((_, i) => file.indexOf(`m${i} 弹幕`));
      assert.ok(
        places.every((place, i) => place > (places[i - 1] ?? 0)),
        file,
      );
    });

  it("keeps fractions of seconds", async (t) => {
    const { broker } = await startMessageNode(t, kept);
    const { file } = await take(broker, "json");
    const { data } = JSON.parse(file) as { data: [number][] };
    assert.deepEqual(
      data.map(([time]) => time),
      [0, 1.5, 2.25],
    );
  });

  it("ends with what was said when it began, however much is said meanwhile", async (t) => {
    const { broker } = await startMessageNode(t, kept);
    const file = (await call(broker, "message.export", {
      live_id: LIVE_ID,
      format: "json",
    })) as Readable;
    await call(broker, "message.append", { messages: [danmaku(idAt(9000))] });
    assert.equal(JSON.parse(await text(file)).data.length, kept.length);
  });

  it("answers ROOM_NOT_FOUND for a room that does not exist", async (t) => {
    const { broker } = await startMessageNode(t);
    await assert.rejects(call(broker, "message.export", { live_id: 5, format: "ass" }), {
      type: "ROOM_NOT_FOUND",
    });
  });

  it("answers HISTORY_FAILED rather than a file when it cannot read at all", async (t) => {
    const { broker, lose } = await startMessageNode(t);
    await lose();
    await assert.rejects(call(broker, "message.export", { live_id: LIVE_ID, format: "xml" }), {
      type: "HISTORY_FAILED",
    });
  });

  it("breaks the file off, without inner details, when it cannot read on", async (t) => {
    const { broker, lose } = await startMessageNode(t, kept);
    const file = (await call(broker, "message.export", {
      live_id: LIVE_ID,
      format: "xml",
    })) as Readable;
    await lose();
    await assert.rejects(text(file), {
      type: "HISTORY_FAILED",
      message: "get history messages failed",
    });
    assert.equal(file.destroyed, true);
  });

  it("holds a small part of a hundred thousand messages at a time", async (t) => {
    const { broker } = await startMessageNode(t);
    const TOTAL = 100_000;
    for (let from = 0; from < TOTAL; from += 1000) {
      const messages = Array.from({ length: 1000 }, (_, i) =>
        danmaku(idAt(from + i), {
          content: `message ${from + i} of many, as long as people write`,
        }),
      );
      await call(broker, "message.append", { messages });
    }
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const held = () => {
      collect();
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    };

    const before = held();
    const file = (await call(broker, "message.export", {
      live_id: LIVE_ID,
      format: "xml",
    })) as Readable;
    let bytes = 0;
    let most = 0;
    let chunks = 0;
    for await (const chunk of file) {
      bytes += chunk.length;
      // The first page among them; collecting garbage takes long.
      if (chunks++ % 10 === 1) most = Math.max(most, held() - before);
    }
    assert.ok(bytes > 10_000_000, `a file of ${bytes} bytes`);
    assert.ok(most < 5_000_000, `${most} bytes held at once`);
  });
});
