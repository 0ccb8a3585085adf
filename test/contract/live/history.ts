import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Density, LiveMessage } from "../../../contracts/objects.ts";
import { type ApiRequest, placements } from "../../support/api-client.ts";
import { api, bystander, end, historyOf, messageOf, NO_ROOM, newShow, say } from "./suite.ts";

type Span = { live_id: number; start_time: number; offset: number };

async function span(query: Span): Promise<LiveMessage[]> {
  const sent = { query: { ...query } };
  return (await api.ok<{ messages: LiveMessage[] }>("GET /message/history/multi", sent)).messages;
}

/** A room in which three messages were said, one of each kind. */
async function talkative() {
  const show = await newShow("talk & <show>");
  const { live_id } = show;
  await say(bystander, live_id, "first <d> & \"quoted\" 'text'", {
    style: { mode: "top", color: "#ff0000", size: "small" },
  });
  await say(bystander, live_id, "a gift", { type: 1, data: { gift_name: "rose", gift_count: 2 } });
  await say(bystander, live_id, "loud", { type: 2, data: { price: 100, duration: 30 } });
  return { ...show, messages: await historyOf(live_id) };
}

describe("GET /message/history/multi", () => {
  for (const placement of placements)
    it(`shows messages in order, asked for in the ${placement}`, async () => {
      const { live_id, messages } = await talkative();
      const sent = { [placement]: { live_id, start_time: "0", offset: "3600" } };
      const answer = await api.ok<{ messages: LiveMessage[] }>("GET /message/history/multi", sent);
      assert.deepEqual(answer.messages, messages);
      assert.deepEqual(
        messages.map(({ type }) => type),
        [0, 1, 2],
      );
      for (const message of messages) assert.deepEqual(message, await messageOf(message.id));
    });

  it("shows what was said in the span, both ends included, and nothing else", async () => {
    const { live_id, messages } = await talkative();
    const times = messages.map(({ live_time }) => live_time);
    const last = Math.max(...times);
    const at = (time: number) => messages.filter(({ live_time }) => live_time === time);
    assert.deepEqual(await span({ live_id, start_time: last, offset: 0 }), at(last));
    assert.deepEqual(await span({ live_id, start_time: 0, offset: last }), messages);
    assert.deepEqual(await span({ live_id, start_time: last + 1, offset: 1_000 }), []);
    const most = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(await span({ live_id, start_time: 0, offset: most }), messages);
    assert.deepEqual(await span({ live_id, start_time: most, offset: most }), []);
  });

  it("shows at most a hundred, the oldest", async () => {
    const { live_id } = await newShow();
    const ids = await Promise.all(
      Array.from({ length: 110 }, (_, i) => say(bystander, live_id, `of many ${i}`)),
    );
    const shown = (await historyOf(live_id)).map(({ id }) => id);
    assert.deepEqual(shown, ids.sort((a, b) => a - b).slice(0, 100));
  });

  it("shows messages of that room only, also when its show is over", async () => {
    const [one, other] = [await talkative(), await talkative()];
    await end(one);
    assert.deepEqual(await historyOf(one.live_id), one.messages);
    assert.ok(one.messages.every(({ live_id }) => live_id === one.live_id));
    assert.deepEqual(await historyOf(other.live_id), other.messages);
  });

  it("is empty where nothing was said, and refused where there is no room", async () => {
    const { live_id } = await newShow();
    assert.deepEqual(await historyOf(live_id), []);
    const query = { live_id: NO_ROOM, start_time: 0, offset: 1 };
    await api.refused("GET /message/history/multi", "ROOM_NOT_FOUND", { query });
  });
});

describe("GET /message/history/density", () => {
  for (const placement of placements)
    it(`counts messages per bucket, asked for in the ${placement}`, async () => {
      const { live_id, messages } = await talkative();
      const sent = { [placement]: { live_id, bucket: 1 } };
      const density = await api.ok<Density>("GET /message/history/density", sent);
      assert.deepEqual([density.live_id, density.bucket], [live_id, 1]);
      for (const [second, count] of density.counts.entries())
        assert.equal(count, messages.filter(({ live_time }) => live_time === second).length);
      assert.equal(
        density.counts.reduce((sum, count) => sum + count, 0),
        messages.length,
      );
    });

  it("chooses the bucket by the length of the show when none is asked for", async () => {
    const { live_id } = await talkative();
    const { bucket, counts } = await api.ok<Density>("GET /message/history/density", {
      query: { live_id },
    });
    assert.ok(bucket >= 1);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      3,
    );
  });

  it("is refused where there is no room", async () => {
    const query = { live_id: NO_ROOM };
    await api.refused("GET /message/history/density", "ROOM_NOT_FOUND", { query });
  });
});

describe("GET /message/history/export", () => {
  const types = {
    xml: "application/xml; charset=utf-8",
    json: "application/json; charset=utf-8",
    ass: "text/x-ssa; charset=utf-8",
  };

  async function file(format: keyof typeof types, where: (fields: object) => ApiRequest) {
    const { live_id } = await talkative();
    const answer = await api.call("GET /message/history/export", where({ live_id, format }));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers["content-type"], types[format]);
    assert.equal(
      answer.headers["content-disposition"],
      `attachment; filename="danmaku-${live_id}.${format}"`,
    );
    return { live_id, ...answer };
  }

  for (const placement of placements)
    it(`writes Bilibili's XML, asked for in the ${placement}`, async () => {
      const { live_id, text } = await file("xml", (fields) => ({ [placement]: fields }));
      assert.match(text, /^<\?xml version="1\.0" encoding="UTF-8"\?>/);
      assert.ok(text.includes(`<chatid>${live_id}</chatid>`));
      assert.ok(text.includes("talk &amp; &lt;show&gt;"));
      assert.match(
        text,
        /<d p="\d+\.\d{3},5,18,16711680,\d+,0,[0-9a-f]{8},\d+">first &lt;d&gt; &amp; /,
      );
      assert.match(text, /<gift [^>]*giftname="rose" giftcount="2"/);
      assert.match(text, /<sc [^>]*price="100" time="30">loud<\/sc>/);
      assert.ok(text.trimEnd().endsWith("</i>"));
    });

  it("writes DPlayer's JSON", async () => {
    const { json } = await file("json", (query) => ({ query: { ...query } }));
    assert.equal(json?.code, 0);
    const entries = json?.data as [number, number, number, string, string][];
    assert.equal(entries.length, 3);
    const [time, type, color, author, text] = entries[0] as (typeof entries)[0];
    assert.ok(time >= 0);
    assert.deepEqual([type, color, author], [1, 0xff0000, bystander.username]);
    assert.match(text, /^first &lt;d&gt; &amp; /);
  });

  it("writes ASS subtitles", async () => {
    const { text } = await file("ass", (query) => ({ query: { ...query } }));
    assert.ok(text.startsWith("[Script Info]") || text.startsWith("\ufeff[Script Info]"));
    assert.equal(text.match(/^Dialogue:/gm)?.length, 3);
  });

  it("is whole for a history of more than one page, and empty for none", async () => {
    const { live_id } = await newShow();
    const query = { live_id, format: "xml" };
    const empty = await api.call("GET /message/history/export", { query });
    assert.ok(!empty.text.includes("<d "));
    await Promise.all(Array.from({ length: 150 }, (_, i) => say(bystander, live_id, `line ${i}.`)));
    const { text } = await api.call("GET /message/history/export", { query });
    for (let i = 0; i < 150; i++) assert.ok(text.includes(`>line ${i}.</d>`), String(i));
  });

  it("is refused where there is no room, as JSON", async () => {
    for (const format of Object.keys(types)) {
      const sent = { query: { live_id: NO_ROOM, format } };
      const { headers } = await api.refused("GET /message/history/export", "ROOM_NOT_FOUND", sent);
      assert.equal(headers["content-disposition"], undefined);
    }
  });
});
