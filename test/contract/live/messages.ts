import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LiveMessage } from "../../../contracts/objects.ts";
import { placements } from "../../support/api-client.ts";
import {
  api,
  bystander,
  endedShow,
  historyOf,
  messageOf,
  NO_ROOM,
  newMember,
  newShow,
  say,
} from "./suite.ts";

const PLAIN_KEYS = [
  "content",
  "id",
  "live_id",
  "live_time",
  "send_time",
  "type",
  "user_id",
  "user_name",
];

const style = { mode: "top", color: "#12aBcD", size: "small" } as const;
const gift = { gift_name: "🚀 rocket", gift_count: 3, price: 600 };
const superChat = { price: 3_000, duration: 60 };

/** Texts that somebody somewhere means harm with; here they are just texts. */
const strange = [
  "Robert'); DROP TABLE messages;--",
  "1' OR '1'='1",
  "<script>alert(1)</script><img src=x onerror=alert(2)>",
  "]]><d p='0'>&amp;&lt;",
  "event: end\ndata: {}\n\nid: 1",
  "tab\tand\nnew line",
  "data:\n\n",
  '{"__proto__":{"admin":true}}',
  "__proto__",
  "$" + "{jndi:ldap://x}{{7*7}}%00%0d%0a",
  "\u202eright to left\u202c שלום مرحبا",
  "👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 \u{1F600}",
  "  blanks around  ",
  "\u2028\u2029\ufeff\u200b.",
  "0",
  "null",
  "🚀".repeat(250),
];

describe("POST /message/live", () => {
  for (const placement of placements)
    it(`takes a danmaku from the ${placement}`, async () => {
      const { live_id } = await newShow();
      const before = Math.floor(Date.now() / 1000);
      const said = await api.ok<{ id: number }>("POST /message/live", {
        token: bystander.token,
        [placement]: { live_id, type: 0, content: "你好 & <b>" },
      });
      assert.deepEqual(Object.keys(said), ["id"]);
      const { live_time, send_time, ...message } = await messageOf(said.id);
      assert.deepEqual(message, {
        type: 0,
        id: said.id,
        user_id: bystander.user_id,
        user_name: bystander.username,
        live_id,
        content: "你好 & <b>",
      });
      assert.ok(send_time >= before && send_time <= Date.now() / 1000);
      assert.ok(live_time >= 0 && live_time <= send_time - before + 1);
    });

  for (const placement of placements)
    it(`takes style and data from the ${placement}`, async () => {
      const { live_id } = await newShow();
      const { id } = await api.ok<{ id: number }>("POST /message/live", {
        token: bystander.token,
        [placement]: { live_id, type: 1, content: "for you", style, data: gift },
      });
      const message = await messageOf(id);
      assert.deepEqual({ style: message.style, data: message.data }, { style, data: gift });
      assert.deepEqual(Object.keys(message).sort(), [...PLAIN_KEYS, "style", "data"].sort());
    });

  it("takes bullets, gifts and super messages", async () => {
    const { live_id } = await newShow();
    for (const [type, data] of [
      [0, undefined],
      [1, gift],
      [2, superChat],
    ] as const) {
      const id = await say(bystander, live_id, `of type ${type}`, { type, data });
      const message = await messageOf(id);
      assert.deepEqual([message.type, message.data], [type, data]);
    }
  });

  it("leaves to the system what only the system says", async () => {
    const { live_id, owner } = await newShow();
    for (const type of [3, 4]) {
      const json = { live_id, type, content: "[1]" };
      const sent = { token: owner.token, json };
      const { data } = await api.refused("POST /message/live", "BAD_REQUEST", sent);
      assert.equal(data?.fields?.[0]?.field, "type");
    }
    assert.deepEqual(await historyOf(live_id), []);
  });

  it("takes numbers and details as JSON in text, and numbers as text in JSON", async () => {
    const { live_id } = await newShow();
    const { id } = await api.ok<{ id: number }>("POST /message/live", {
      token: bystander.token,
      json: { live_id: String(live_id), type: "2", content: "x", data: JSON.stringify(superChat) },
    });
    const { type, data } = await messageOf(id);
    assert.deepEqual({ type, data }, { type: 2, data: superChat });
  });

  it("takes parameters from the query and the body together", async () => {
    const { live_id } = await newShow();
    const { id } = await api.ok<{ id: number }>("POST /message/live", {
      query: { live_id, token: bystander.token },
      form: { type: 0, content: "in two parts", live_id },
    });
    assert.equal((await messageOf(id)).content, "in two parts");
  });

  it("keeps every text as it was said", async () => {
    const { live_id } = await newShow();
    for (const placement of placements)
      for (const content of strange) {
        const { id } = await api.ok<{ id: number }>("POST /message/live", {
          token: bystander.token,
          [placement]: { live_id, type: 0, content },
        });
        assert.equal((await messageOf(id)).content, content, placement);
      }
    const kept = (await historyOf(live_id)).map(({ content }) => content);
    assert.deepEqual(kept, [...strange, ...strange, ...strange]);
  });

  it("refuses texts that no screen can show, and says which field they are in", async () => {
    const { live_id } = await newShow();
    const refused = [
      "",
      " ",
      "\n\t",
      "\u0000",
      "a\rb",
      "\u001b[31m",
      "\u0085",
      "\ud83d",
      "x\udc00",
    ];
    for (const content of [...refused, "x".repeat(501)]) {
      const sent = { token: bystander.token, json: { live_id, type: 0, content } };
      const { data } = await api.refused("POST /message/live", "BAD_REQUEST", sent);
      assert.deepEqual(
        data?.fields?.map(({ field }) => field),
        ["content"],
      );
    }
    assert.deepEqual(await historyOf(live_id), []);
  });

  it("takes texts of up to 500 characters", async () => {
    const { live_id } = await newShow();
    for (const content of ["x", "x".repeat(500), "字".repeat(500)])
      assert.equal((await messageOf(await say(bystander, live_id, content))).content, content);
  });

  it("gives ids that grow, and are exact in every JSON reader", async () => {
    const { live_id } = await newShow();
    const ids: number[] = [];
    for (let i = 0; i < 20; i++) ids.push(await say(bystander, live_id, `number ${i}`));
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.every(Number.isSafeInteger));
  });

  it("has a message in history once it is answered, whoever speaks at the same time", async () => {
    const { live_id } = await newShow();
    const senders = [await newMember(), await newMember()];
    const said = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const content = `together ${i}`;
        const id = await say(senders[i % 2] ?? bystander, live_id, content);
        return { id, content, kept: (await messageOf(id)).content };
      }),
    );
    assert.ok(said.every(({ content, kept }) => kept === content));
    const kept = (await historyOf(live_id)).map(({ id, content }) => ({ id, content }));
    const expected = said.map(({ id, content }) => ({ id, content })).sort((a, b) => a.id - b.id);
    assert.deepEqual(kept, expected);
  });

  it("is refused in a room that is not there", async () => {
    const json = { live_id: NO_ROOM, type: 0, content: "hello?" };
    const sent = { token: bystander.token, json };
    await api.refused("POST /message/live", "ROOM_NOT_FOUND", sent);
  });

  it("is refused when the show is over", async () => {
    const { live_id, owner } = await endedShow();
    const json = { live_id, type: 0, content: "too late" };
    await api.refused("POST /message/live", "ROOM_NOT_LIVE", { token: owner.token, json });
    assert.deepEqual(await historyOf(live_id), []);
  });
});

describe("GET /message/history/single", () => {
  for (const placement of placements)
    it(`shows a message to anyone, asked for in the ${placement}`, async () => {
      const { live_id } = await newShow();
      const id = await say(bystander, live_id, "findable");
      const sent = { [placement]: { id: String(id) } };
      const { message } = await api.ok<{ message: LiveMessage }>(
        "GET /message/history/single",
        sent,
      );
      assert.deepEqual(Object.keys(message).sort(), PLAIN_KEYS);
      assert.deepEqual([message.id, message.content], [id, "findable"]);
    });

  it("says when there is none", async () => {
    for (const id of [1, NO_ROOM, Number.MAX_SAFE_INTEGER])
      await api.refused("GET /message/history/single", "MESSAGE_NOT_FOUND", { query: { id } });
  });
});
