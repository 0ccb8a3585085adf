import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Result } from "../../../contracts/actions.ts";
import type { Room, RoomStats } from "../../../contracts/objects.ts";
import { placements } from "../../support/api-client.ts";
import { waitFor } from "../../support/wait-for.ts";
import {
  api,
  bystander,
  end,
  endedShow,
  historyOf,
  NO_ROOM,
  newMember,
  newShow,
  say,
  statsOf,
  watch,
} from "./suite.ts";

const ROOM_KEYS = [
  "cover",
  "end_time",
  "introduction",
  "is_live",
  "live_id",
  "owner",
  "owner_name",
  "room_name",
  "start_time",
  "streaming",
  "viewers",
];

type Page = Result<"live.list">;

async function roomOf(live_id: number): Promise<Room> {
  return (await api.ok<{ room: Room }>("GET /room/live/single", { query: { live_id } })).room;
}

describe("POST /room/live", () => {
  for (const placement of placements)
    it(`opens a room from parameters in the ${placement}`, async () => {
      const { token, user_id, username } = await newMember();
      const before = Math.floor(Date.now() / 1000);
      const opened = await api.ok<Result<"live.open">>("POST /room/live", {
        token,
        [placement]: { room_name: "夜 <1> & more", description: "two\nlines" },
      });
      assert.deepEqual(Object.keys(opened).sort(), ["key", "live_id"]);
      const { start_time, ...room } = await roomOf(opened.live_id);
      assert.deepEqual(room, {
        live_id: opened.live_id,
        room_name: "夜 <1> & more",
        introduction: "two\nlines",
        owner: user_id,
        owner_name: username,
        cover: "",
        end_time: 0,
        is_live: true,
        streaming: false,
        viewers: 0,
      });
      assert.ok(Number.isInteger(start_time) && start_time >= before);
      assert.ok(start_time <= Date.now() / 1000);
    });

  it("takes an empty description, but no empty name", async () => {
    const { token } = await newMember();
    const refused = { token, json: { room_name: "", description: "" } };
    const { data } = await api.refused("POST /room/live", "BAD_REQUEST", refused);
    assert.equal(data?.fields?.[0]?.field, "room_name");
    await api.ok("POST /room/live", { token, json: { room_name: "x", description: "" } });
  });

  it("lets an owner have one open room, also when asked for two at once", async () => {
    const { token } = await newMember();
    const sent = { token, json: { room_name: "one", description: "" } };
    const answers = await Promise.all([1, 2, 3].map(() => api.call("POST /room/live", sent)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
    await api.refused("POST /room/live", "ROOM_EXISTS", sent);
  });

  it("opens another room after the first one's show is over", async () => {
    const { owner, live_id } = await endedShow();
    const next = await api.ok<Result<"live.open">>("POST /room/live", {
      token: owner.token,
      json: { room_name: "the next", description: "" },
    });
    assert.ok(next.live_id > live_id);
  });
});

describe("GET /room/live/key", () => {
  for (const placement of placements)
    it(`tells the owner the stream key, asked for in the ${placement}`, async () => {
      const { live_id, key, owner } = await newShow();
      const sent = { token: owner.token, [placement]: { live_id } };
      assert.deepEqual(await api.ok("GET /room/live/key", sent), { key });
    });

  it("has keys that nobody guesses from another", async () => {
    const keys = [(await newShow()).key, (await newShow()).key];
    for (const key of keys) assert.ok(key.length >= 20, key);
    assert.notEqual(keys[0], keys[1]);
  });
});

describe("GET /room/live/single", () => {
  for (const placement of placements)
    it(`shows a room to anyone, asked for in the ${placement}`, async () => {
      const { live_id } = await newShow();
      const sent = { [placement]: { live_id: String(live_id) } };
      const { room } = await api.ok<{ room: Room }>("GET /room/live/single", sent);
      assert.equal(room.live_id, live_id);
      assert.deepEqual(Object.keys(room).sort(), ROOM_KEYS);
    });

  it("shows a room whose show is over", async () => {
    const { live_id } = await endedShow();
    const room = await roomOf(live_id);
    assert.equal(room.is_live, false);
    assert.ok(room.end_time >= room.start_time && room.end_time <= Date.now() / 1000);
  });

  it("counts the viewers", async (t) => {
    const { live_id } = await newShow();
    await watch(t, live_id);
    const second = await watch(t, live_id);
    await waitFor(async () => (await roomOf(live_id)).viewers === 2, { message: "two viewers" });
    second.close();
    await waitFor(async () => (await roomOf(live_id)).viewers === 1, { message: "one viewer" });
  });
});

describe("GET /room/live/list", () => {
  for (const placement of placements)
    it(`shows the rooms that are live, paged by parameters in the ${placement}`, async () => {
      const live = [await newShow(), await newShow()];
      const ended = await endedShow();
      const page = await api.ok<Page>("GET /room/live/list", {
        [placement]: { offset: 0, limit: 100 },
      });
      const ids = page.rooms.map(({ live_id }) => live_id);
      for (const { live_id } of live) assert.ok(ids.includes(live_id));
      assert.ok(!ids.includes(ended.live_id));
      assert.ok(page.rooms.every(({ is_live, end_time }) => is_live && end_time === 0));
      assert.equal(page.total, page.rooms.length);
    });

  it("shows 20 rooms from the first on when nothing else is asked for", async () => {
    // Viewers of other tests may leave in between.
    await waitFor(async () => {
      const page = await api.ok<Page>("GET /room/live/list");
      const same = await api.ok<Page>("GET /room/live/list", { query: { offset: 0, limit: 20 } });
      assert.deepEqual(page, same);
      return true;
    });
  });

  it("shows every room once over its pages", async () => {
    await newShow();
    await newShow();
    const whole = await waitFor(async () => {
      const whole = await api.ok<Page>("GET /room/live/list", { query: { limit: 100 } });
      const paged: Room[] = [];
      for (let offset = 0; offset < whole.total; offset += 2) {
        const page = await api.ok<Page>("GET /room/live/list", { query: { offset, limit: 2 } });
        assert.ok(page.rooms.length <= 2);
        assert.equal(page.total, whole.total);
        paged.push(...page.rooms);
      }
      assert.deepEqual(paged, whole.rooms);
      return whole;
    });
    const beyond = { query: { offset: whole.total, limit: 2 } };
    assert.deepEqual((await api.ok<Page>("GET /room/live/list", beyond)).rooms, []);
  });

  it("shows the most watched rooms first", async (t) => {
    const shows = [await newShow(), await newShow(), await newShow()];
    await watch(t, shows[0]?.live_id as number);
    await watch(t, shows[0]?.live_id as number);
    await watch(t, shows[1]?.live_id as number);
    await waitFor(
      async () => {
        const { rooms } = await api.ok<Page>("GET /room/live/list", { query: { limit: 2 } });
        assert.deepEqual(
          rooms.map(({ live_id, viewers }) => [live_id, viewers]),
          [
            [shows[0]?.live_id, 2],
            [shows[1]?.live_id, 1],
          ],
        );
        return true;
      },
      { message: "the list to be in order" },
    );
  });
});

describe("DELETE /room/live", () => {
  for (const placement of placements)
    it(`ends the show, asked to in the ${placement}`, async () => {
      const { live_id, owner } = await newShow();
      await say(owner, live_id, "the last word");
      const sent = { token: owner.token, [placement]: { live_id } };
      assert.deepEqual(await api.ok("DELETE /room/live", sent), {});
      assert.equal((await roomOf(live_id)).is_live, false);
      assert.deepEqual(
        (await historyOf(live_id)).map(({ content }) => content),
        ["the last word"],
        "history stays",
      );
    });

  it("is refused after the end", async () => {
    const show = await endedShow();
    const before = await roomOf(show.live_id);
    const sent = { token: show.owner.token, query: { live_id: show.live_id } };
    await api.refused("DELETE /room/live", "ROOM_NOT_LIVE", sent);
    assert.deepEqual(await roomOf(show.live_id), before);
  });
});

describe("GET /room/live/stats", () => {
  for (const placement of placements)
    it(`tells the owner what happens, asked for in the ${placement}`, async () => {
      const { live_id, owner } = await newShow();
      const sent = { token: owner.token, [placement]: { live_id } };
      const { stats } = await api.ok<{ stats: RoomStats }>("GET /room/live/stats", sent);
      const none = { viewers: 0, peak: 0, messages: 0, pushed: 0, merged: 0, suppressed: 0 };
      assert.deepEqual(stats, { live_id, ...none });
    });

  it("counts viewers and messages", async (t) => {
    const show = await newShow();
    const { live_id, owner } = show;
    await watch(t, live_id);
    (await watch(t, live_id)).close();
    await say(owner, live_id, "once");
    await say(owner, live_id, "again and again");
    await say(owner, live_id, "again and again");
    await waitFor(
      async () => {
        const { peak, ...stats } = await statsOf(show);
        const counted = { viewers: 1, messages: 3, pushed: 2, merged: 1, suppressed: 0 };
        assert.deepEqual(stats, { live_id, ...counted });
        assert.ok(peak === 1 || peak === 2);
        return true;
      },
      { message: "the counters" },
    );
  });

  it("keeps the counters when the show is over", async () => {
    const show = await newShow();
    await say(show.owner, show.live_id, "counted");
    await end(show);
    assert.deepEqual((await statsOf(show)).messages, 1);
  });
});

describe("rooms of others, or of nobody", () => {
  const ofOwner = [
    "DELETE /room/live",
    "GET /room/live/key",
    "GET /room/live/stats",
    "POST /room/live/mute",
  ];
  const mute = { user_id: bystander.user_id, seconds: 1 };

  for (const operation of ofOwner) {
    const extra = operation.endsWith("/mute") ? mute : {};

    it(`are not for ${operation}`, async () => {
      const { live_id, owner } = await newShow();
      const before = await roomOf(live_id);
      const sent = { token: bystander.token, query: { live_id, ...extra } };
      const { data } = await api.refused(operation, "NO_ROOM_RIGHT", sent);
      assert.equal(data, null);
      assert.deepEqual(await roomOf(live_id), before);
      await say(owner, live_id, "still here");
    });

    it(`are unknown to ${operation} when there is none`, async () => {
      const sent = { token: bystander.token, query: { live_id: NO_ROOM, ...extra } };
      const { data } = await api.refused(operation, "ROOM_NOT_FOUND", sent);
      assert.equal(data, null);
    });
  }

  it("are not shown when there is none", async () => {
    for (const live_id of [1, NO_ROOM, Number.MAX_SAFE_INTEGER])
      await api.refused("GET /room/live/single", "ROOM_NOT_FOUND", { query: { live_id } });
  });
});
