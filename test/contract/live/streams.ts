import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { placements } from "../../support/api-client.ts";
import { sseEvents } from "../../support/sse-events.ts";
import type { Viewer } from "../../support/viewer.ts";
import { waitFor } from "../../support/wait-for.ts";
import {
  api,
  bystander,
  end,
  endedShow,
  event,
  historyOf,
  message,
  messageOf,
  messagesOf,
  NO_ROOM,
  newMember,
  newShow,
  say,
  statsOf,
  watch,
} from "./suite.ts";

/** A room in which ten messages were said and pushed, and their ids. */
async function busyShow() {
  const show = await newShow();
  const ids: number[] = [];
  for (let i = 0; i < 10; i++) ids.push(await say(bystander, show.live_id, `past ${i}`));
  const { length } = ids;
  const arePushed = async () => (await statsOf(show)).pushed === length;
  await waitFor(arePushed, { message: "the messages to be pushed" });
  return { ...show, ids };
}

/** Says something and waits for it: what was to come before has come then. */
async function nextId(viewer: Viewer, live_id: number, content: string): Promise<number> {
  const id = await say(bystander, live_id, content);
  await message(viewer, id);
  return id;
}

describe("GET /message/live", () => {
  it("is an event stream that nothing on the way keeps back", async (t) => {
    const { live_id } = await newShow();
    const { headers } = await watch(t, live_id);
    assert.equal(headers.get("content-type"), "text/event-stream");
    assert.equal(headers.get("cache-control"), "no-cache, no-transform");
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.match(headers.get("x-request-id") ?? "", /\S/);
  });

  for (const placement of placements)
    it(`takes its parameters from the ${placement}`, async (t) => {
      const { live_id, ids } = await busyShow();
      const parameters = { live_id: String(live_id), recent: 2 };
      const response = await api.open("GET /message/live", { [placement]: parameters });
      t.after(() => response.destroy());
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      await waitFor(() => text.includes(`id: ${ids[9]}\n`), { message: "the last message" });
      const messages = sseEvents(text).filter((one) => one.event === "message");
      assert.deepEqual(
        messages.map(({ id }) => id),
        ids.slice(8).map(String),
      );
    });

  it("shows guests and members every message as history has it, with its id", async (t) => {
    const { live_id } = await newShow();
    const viewers = [await watch(t, live_id), await watch(t, live_id, { token: bystander.token })];
    const style = { mode: "bottom", color: "#00ff00", size: "normal" };
    const said = [
      await say(bystander, live_id, "plain"),
      await say(bystander, live_id, "styled", { style }),
      await say(bystander, live_id, "given", { type: 1, data: { gift_name: "rose" } }),
      await say(bystander, live_id, "event: end\ndata: {}\n\n:\n\u2028"),
    ];
    for (const viewer of viewers) {
      for (const id of said) {
        const shown = await message(viewer, id);
        api.description.checkObject("LiveMessage", shown);
        assert.deepEqual(shown, await messageOf(id));
      }
      assert.deepEqual(viewer.ids, said);
      assert.deepEqual(viewer.faults, []);
    }
  });

  it("is framed as the contract says: the fields in order, one blank line after each event", async (t) => {
    const { live_id } = await newShow();
    const id = await say(bystander, live_id, "framed");
    const response = await api.open("GET /message/live", { query: { live_id, recent: 1 } });
    t.after(() => response.destroy());
    let text = "";
    response.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    const framed = `id: ${id}\nevent: message\ndata: {"type":0,"id":${id},`;
    await waitFor(() => text.includes(framed) && text.endsWith("\n\n"), { message: framed });
    for (const block of text.split("\n\n").slice(0, -1))
      assert.match(block, /^(retry: \d+|:.*|(id: \d+\n)?event: [a-z]+\ndata: \{.*\})$/);
  });

  it("says once when to come back, at another time to each", async (t) => {
    const { live_id } = await newShow();
    const viewers = await Promise.all(Array.from({ length: 5 }, () => watch(t, live_id)));
    for (const viewer of viewers) {
      await event(viewer, "presence");
      assert.equal(viewer.retries.length, 1);
    }
    assert.ok(new Set(viewers.flatMap(({ retries }) => retries)).size > 1);
  });

  it("tells how many watch", async (t) => {
    const { live_id } = await newShow();
    const first = await watch(t, live_id);
    assert.deepEqual((await event(first, "presence")).data, { viewers: 1 });
    const second = await watch(t, live_id);
    assert.equal((await event(first, "presence", ({ viewers }) => viewers === 2)).id, null);
    second.close();
    await waitFor(() => first.of("presence").at(-1)?.viewers === 1, { message: "one viewer" });
  });

  it("folds repeats into the first message, and shows its sender each one", async (t) => {
    const { live_id } = await newShow();
    const sender = await newMember();
    const all = await watch(t, live_id);
    const own = await watch(t, live_id, { token: sender.token });
    const first = await say(bystander, live_id, "666");
    await message(all, first);
    const second = await say(sender, live_id, "666");
    const { data, id } = await event(all, "merged");
    assert.deepEqual([data, id], [{ id: first, count: 1 }, null]);
    assert.deepEqual((await event(own, "merged")).data, data);

    const echo = await event(own, "message", (one) => one.id === second);
    assert.deepEqual(echo.data, { ...(await messageOf(second)) });
    assert.equal(echo.id, null, "what others do not see is no cursor");
    const third = await nextId(all, live_id, "something else");
    assert.deepEqual(
      messagesOf(all).map((one) => one.id),
      [first, third],
    );
    assert.equal((await historyOf(live_id)).length, 3, "history has all of them");
  });

  it("begins now when nothing else is asked for", async (t) => {
    const { live_id } = await busyShow();
    const viewer = await watch(t, live_id);
    const next = await nextId(viewer, live_id, "news");
    assert.deepEqual(viewer.ids, [next]);
  });

  it("begins with the last messages when asked to", async (t) => {
    const { live_id, ids } = await busyShow();
    for (const recent of [1, 3, 100]) {
      const viewer = await watch(t, live_id, { query: { recent } });
      await message(viewer, ids.at(-1) as number);
      assert.deepEqual(viewer.ids, ids.slice(-recent));
    }
  });

  it("is compressed for those who take it, and tells them the same", async (t) => {
    const { live_id, ids } = await busyShow();
    const zipped = await watch(t, live_id, { query: { recent: 100 }, gzip: true });
    const plain = await watch(t, live_id, { query: { recent: 100 } });
    assert.equal(zipped.headers.get("content-encoding"), "gzip");
    assert.equal(plain.headers.get("content-encoding"), undefined);
    const last = await nextId(zipped, live_id, "to both");
    await message(plain, last);
    assert.deepEqual(zipped.ids, [...ids, last]);
    assert.deepEqual(messagesOf(zipped), messagesOf(plain));
    assert.deepEqual(zipped.faults, []);
  });

  it("ends with the show, after its last message", async (t) => {
    const show = await newShow();
    const viewers = [
      await watch(t, show.live_id),
      await watch(t, show.live_id, { gzip: true, token: show.owner.token }),
    ];
    const last = await say(show.owner, show.live_id, "good night");
    await end(show);
    for (const viewer of viewers) {
      await waitFor(() => viewer.isClosed, { message: "the server to close the stream" });
      assert.deepEqual(viewer.ids, [last]);
      assert.deepEqual(viewer.events.at(-1), { name: "end", id: null, data: {} });
      assert.deepEqual(viewer.faults, []);
    }
  });

  it("does not begin in a room that is not there, or whose show is over", async () => {
    const { live_id } = await endedShow();
    for (const [query, name] of [
      [{ live_id: NO_ROOM }, "ROOM_NOT_FOUND"],
      [{ live_id }, "ROOM_NOT_LIVE"],
    ] as const) {
      const { headers } = await api.refused("GET /message/live", name, { query });
      assert.equal(headers["content-type"], "application/json; charset=utf-8");
    }
  });
});

describe("a resumed stream", () => {
  const ways = {
    "the header Last-Event-ID": (lastEventId: number) => ({ lastEventId }),
    "the parameter last_event_id": (last_event_id: number) => ({ query: { last_event_id } }),
  };

  for (const [way, from] of Object.entries(ways)) {
    it(`goes on after the cursor in ${way}, without a hole or a repeat`, async (t) => {
      const { live_id, ids } = await busyShow();
      for (const at of [0, 4, 9]) {
        const viewer = await watch(t, live_id, from(ids[at] as number));
        const next = await nextId(viewer, live_id, `after ${way} ${at}`);
        assert.deepEqual(viewer.ids, [...ids.slice(at + 1), next]);
        assert.deepEqual(viewer.of("reset"), []);
        ids.push(next);
      }
    });

    it(`resets when the cursor in ${way} is none of ours`, async (t) => {
      const { live_id } = await busyShow();
      const viewer = await watch(t, live_id, from(Number.MAX_SAFE_INTEGER));
      const { data, id } = await event(viewer, "reset");
      assert.deepEqual([Object.keys(data), id], [["reason"], null]);
      const next = await nextId(viewer, live_id, "afterwards");
      assert.deepEqual(viewer.ids, [next]);
    });
  }

  it("resets when the header holds no id at all", async (t) => {
    const { live_id } = await busyShow();
    for (const lastEventId of ["x", "-1", "1e3", "9".repeat(40), "9007199254740993"]) {
      const viewer = await watch(t, live_id, { lastEventId });
      await event(viewer, "reset");
      viewer.close();
    }
  });

  it("follows the header where both are given", async (t) => {
    const { live_id, ids } = await busyShow();
    const viewer = await watch(t, live_id, {
      query: { last_event_id: ids[0] as number },
      lastEventId: ids[7] as number,
    });
    await message(viewer, ids[9] as number);
    assert.deepEqual(viewer.ids, ids.slice(8));
  });

  it("has everything from the start for a cursor of 0", async (t) => {
    const { live_id, ids } = await busyShow();
    const viewer = await watch(t, live_id, { query: { last_event_id: 0 } });
    await message(viewer, ids[9] as number);
    assert.deepEqual(viewer.ids, ids);
  });

  it("misses nothing over many interruptions", async (t) => {
    const { live_id } = await newShow();
    const said: number[] = [];
    const seen: number[] = [];
    const speaking = speak(t, live_id, said, 60);
    let cursor = 0;
    while (seen.length < 60) {
      const viewer = await watch(t, live_id, { query: { last_event_id: cursor } });
      await waitFor(() => viewer.ids.length > 0, { message: "something new" });
      viewer.close();
      await viewer.closed;
      seen.push(...viewer.ids);
      cursor = viewer.cursor;
    }
    await speaking;
    assert.deepEqual(seen, said);
  });
});

/** Says so many things, one after the other. */
async function speak(t: TestContext, live_id: number, said: number[], count: number) {
  for (let i = 0; i < count && !t.signal.aborted; i++)
    said.push(await say(bystander, live_id, `in a row ${i}`));
}
