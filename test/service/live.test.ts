import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { type Context, Loggers, type ServiceSchema } from "moleculer";
import type { ActionName, Params } from "../../contracts/actions.ts";
import { broadcast, call } from "../../contracts/call.ts";
import { errorName, fail } from "../../contracts/errors.ts";
import type { EventMap } from "../../contracts/events.ts";
import type { Caller, RoomStats } from "../../contracts/objects.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import live from "../../services/live/live.service.ts";
import { muteRepo } from "../../services/live/mute.repo.ts";
import { Mutes } from "../../services/live/mutes.ts";
import user from "../../services/user/user.service.ts";
import { startNode } from "../support/node.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ALICE: Caller = { user_id: 11, username: "alice", session_id: 1 };
const BOB: Caller = { user_id: 22, username: "bobby", session_id: 2 };
const NOBODY = 404;

/** Stands for the room actors: what it counts, and whether it can be asked. */
function fakePush(counted: Partial<RoomStats> | "broken" = {}): ServiceSchema {
  return {
    name: "push",
    actions: {
      stats(ctx: Context<{ live_id: number }>): RoomStats {
        if (counted === "broken") fail("UNAVAILABLE");
        const none = { viewers: 0, peak: 0, messages: 0, pushed: 0, merged: 0, suppressed: 0 };
        return { live_id: ctx.params.live_id, ...none, ...counted };
      },
    },
  };
}

interface Setup {
  dataDir?: string;
  push?: ServiceSchema | null;
  log?: string[];
  others?: ServiceSchema[];
}

/** A node with rooms and the accounts of alice and bobby, and what it broadcast about rooms. */
async function start(t: TestContext, { dataDir, push = fakePush(), log, others = [] }: Setup = {}) {
  const heard: { event: string; payload: unknown }[] = [];
  const hear = (ctx: Context) => {
    heard.push({ event: ctx.eventName ?? "", payload: ctx.params });
  };
  const listener: ServiceSchema = {
    name: "listener",
    events: { "live.opened": hear, "live.ended": hear, "live.muted": hear },
  };
  const broker = await startNode(t, {
    services: [config, user, live, listener, ...others, ...(push === null ? [] : [push])],
    env: { DATA_DIR: dataDir ?? (await tempDir(t)), LOG_LEVEL: log ? "trace" : "fatal" },
    options: log === undefined ? {} : { logger: new Recorder(log) },
  });
  const sql = async (text: string) =>
    (await runtimeOf(broker).database.query(text))[0] as Record<string, unknown>[];
  await sql(
    `INSERT OR IGNORE INTO users (id, username, password, create_time) VALUES (11,'alice','-',0), (22,'bobby','-',0)`,
  );

  const as = <A extends ActionName>(caller: Caller | null, action: A, params: Params<A>) =>
    call(broker, action, params, { meta: { user: caller } });
  const open = (caller = ALICE, room_name = "show") =>
    as(caller, "live.open", { room_name, description: "about it" });
  const close = (live_id: number, caller = ALICE) => as(caller, "live.close", { live_id });
  const single = async (live_id: number) => (await call(broker, "live.single", { live_id })).room;
  const list = (page: Params<"live.list"> = {}) => call(broker, "live.list", page);
  const card = (live_id: number) => call(broker, "live.card", { live_id });
  const mute = (live_id: number, user_id: number, seconds: number, caller = ALICE) =>
    as(caller, "live.mute", { live_id, user_id, seconds });
  const watch = (live_id: number, viewers: number) =>
    broadcast(broker, "push.audience", { live_id, viewers });
  return { broker, heard, sql, as, open, close, single, list, card, mute, watch };
}

/** Keeps every word that is logged, on any level. */
class Recorder extends Loggers.Base<object> {
  readonly #lines: string[];

  constructor(lines: string[]) {
    super({});
    this.#lines = lines;
  }

  override getLogHandler() {
    return (_level: string, args: unknown[]) => {
      this.#lines.push(inspect(args, { depth: 10, breakLength: Infinity, compact: true }));
    };
  }
}

/** A streamer of their own for each number. */
const streamer = (n: number): Caller => ({
  user_id: 1000 + n,
  username: `streamer${n}`,
  session_id: 1000 + n,
});

describe("live.open", () => {
  it("needs a caller", async (t) => {
    const { broker } = await start(t);
    const room = { room_name: "show", description: "" };
    await assert.rejects(call(broker, "live.open", room), { type: "NEED_LOGIN" });
  });

  it("answers a room that is live and a stream key of 24 bytes", async (t) => {
    const { open, single } = await start(t);
    const { live_id, key } = await open();
    assert.match(key, /^[A-Za-z0-9_-]{32}$/);
    const { start_time, ...room } = await single(live_id);
    assert.ok(Math.abs(start_time - Date.now() / 1000) < 60);
    assert.deepEqual(room, {
      live_id,
      room_name: "show",
      introduction: "about it",
      owner: 11,
      owner_name: "alice",
      cover: "",
      end_time: 0,
      is_live: true,
      streaming: false,
      viewers: 0,
    });
  });

  it("tells everybody that a show began", async (t) => {
    const { open, heard } = await start(t);
    const { live_id } = await open();
    assert.deepEqual(heard, [{ event: "live.opened", payload: { live_id } }]);
  });

  it("refuses a second room of the same owner and names the first", async (t) => {
    const { open, heard } = await start(t);
    const { live_id } = await open();
    await assert.rejects(open(), { type: "ROOM_EXISTS", code: 409, data: { live_id } });
    assert.equal(heard.length, 1);
  });

  it("opens one room for an owner who asks twenty times at once", async (t) => {
    const { open, heard, list } = await start(t);
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => open()));
    const won = attempts.flatMap((one) => (one.status === "fulfilled" ? [one.value.live_id] : []));
    assert.equal(won.length, 1);
    for (const attempt of attempts) {
      if (attempt.status === "fulfilled") continue;
      assert.equal(errorName(attempt.reason), "ROOM_EXISTS");
      assert.deepEqual(attempt.reason.data, { live_id: won[0] });
    }
    assert.equal(heard.length, 1);
    assert.equal((await list()).total, 1);
  });

  it("opens rooms of different owners beside one another, each with a key of its own", async (t) => {
    const { open } = await start(t);
    const opened = await Promise.all([open(ALICE), open(BOB)]);
    assert.equal(new Set(opened.map(({ key }) => key)).size, 2);
  });

  it("opens another room after the first is closed", async (t) => {
    const { open, close } = await start(t);
    const first = await open();
    await close(first.live_id);
    const second = await open();
    assert.notEqual(second.live_id, first.live_id);
    assert.notEqual(second.key, first.key);
  });

  it("says only that it failed when the database breaks", async (t) => {
    const { open, sql } = await start(t);
    await sql("ALTER TABLE rooms RENAME TO gone");
    await assert.rejects(open(), { type: "ROOM_CREATE_FAILED", data: null });
  });

  it("counts although a listener to the event fails", async (t) => {
    const broken: ServiceSchema = {
      name: "broken",
      events: {
        "live.opened"() {
          throw new Error("broken listener");
        },
      },
    };
    const { open, list } = await start(t, { others: [broken] });
    await open();
    assert.equal((await list()).total, 1);
  });
});

describe("live.key", () => {
  it("answers the key that the room was opened with, to its owner", async (t) => {
    const { open, as } = await start(t);
    const { live_id, key } = await open();
    assert.deepEqual(await as(ALICE, "live.key", { live_id }), { key });
  });

  it("refuses everybody else", async (t) => {
    const { open, as } = await start(t);
    const { live_id } = await open();
    await assert.rejects(as(null, "live.key", { live_id }), { type: "NEED_LOGIN" });
    await assert.rejects(as(BOB, "live.key", { live_id }), { type: "NO_ROOM_RIGHT", code: 403 });
    await assert.rejects(as(ALICE, "live.key", { live_id: NOBODY }), { type: "ROOM_NOT_FOUND" });
  });

  it("stays out of every other answer, every event and the log", async (t) => {
    const log: string[] = [];
    const { open, heard, list, single, card, close, mute, as, sql } = await start(t, { log });
    const { live_id, key } = await open();
    const said: unknown[] = [await list(), await single(live_id), await card(live_id)];
    said.push(await as(ALICE, "live.stats", { live_id }), await mute(live_id, 22, 60));
    said.push(await open().catch((error) => [error.message, error.data]));
    await close(live_id);
    said.push(await as(ALICE, "live.stats", { live_id }), await single(live_id), heard);
    assert.ok(!JSON.stringify(said).includes(key));

    await sql("ALTER TABLE rooms DROP COLUMN peak");
    await assert.rejects(open(), { type: "ROOM_CREATE_FAILED" });
    const row = (await sql("SELECT stream_key FROM rooms"))[0];
    assert.equal(row?.stream_key, key);
    const logged = (word: string) => log.filter((line) => line.includes(word));
    assert.equal(logged("a show begins").length, 1);
    assert.equal(logged("action failed").length, 1);
    assert.deepEqual(logged(key), []);
    assert.deepEqual(logged("INSERT INTO"), []);
  });
});

describe("live.close", () => {
  it("ends the show and tells everybody when", async (t) => {
    const { open, close, single, heard } = await start(t);
    const { live_id } = await open();
    assert.deepEqual(await close(live_id), {});
    const { is_live, end_time, start_time } = await single(live_id);
    assert.equal(is_live, false);
    assert.ok(end_time >= start_time);
    assert.deepEqual(heard.at(-1), { event: "live.ended", payload: { live_id, end_time } });
  });

  it("is for the owner only", async (t) => {
    const { open, close, as, single } = await start(t);
    const { live_id } = await open();
    await assert.rejects(as(null, "live.close", { live_id }), { type: "NEED_LOGIN" });
    await assert.rejects(close(live_id, BOB), { type: "NO_ROOM_RIGHT" });
    await assert.rejects(close(NOBODY), { type: "ROOM_NOT_FOUND" });
    assert.equal((await single(live_id)).is_live, true);
  });

  it("refuses a show that is over", async (t) => {
    const { open, close, heard } = await start(t);
    const { live_id } = await open();
    await close(live_id);
    await assert.rejects(close(live_id), { type: "ROOM_NOT_LIVE", code: 409 });
    assert.equal(heard.filter(({ event }) => event === "live.ended").length, 1);
  });

  it("succeeds once when ten close at once", async (t) => {
    const { open, close, heard } = await start(t);
    const { live_id } = await open();
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => close(live_id)));
    assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
    for (const attempt of attempts)
      if (attempt.status === "rejected") assert.equal(errorName(attempt.reason), "ROOM_NOT_LIVE");
    assert.equal(heard.filter(({ event }) => event === "live.ended").length, 1);
  });

  it("ends the show also when nobody can say what it counted", async (t) => {
    for (const push of [null, fakePush("broken")]) {
      const { open, close, as } = await start(t, { push });
      const { live_id } = await open();
      await close(live_id);
      const { stats } = await as(ALICE, "live.stats", { live_id });
      assert.deepEqual(stats, {
        live_id,
        viewers: 0,
        peak: 0,
        messages: 0,
        pushed: 0,
        merged: 0,
        suppressed: 0,
      });
    }
  });
});

describe("live.single", () => {
  it("does not find a room that never was", async (t) => {
    const { single } = await start(t);
    await assert.rejects(single(NOBODY), { type: "ROOM_NOT_FOUND", code: 404 });
  });

  it("says how many watch, and nobody once the show is over", async (t) => {
    const { open, close, single, watch } = await start(t);
    const { live_id } = await open();
    await watch(live_id, 3);
    assert.equal((await single(live_id)).viewers, 3);
    await close(live_id);
    assert.equal((await single(live_id)).viewers, 0);
    await watch(live_id, 2);
    assert.equal((await single(live_id)).viewers, 0);
  });
});

describe("live.list", () => {
  it("is empty while nobody streams", async (t) => {
    const { list } = await start(t);
    assert.deepEqual(await list(), { rooms: [], total: 0 });
  });

  it("has the most watched rooms first, then the newest", async (t) => {
    const { open, list, watch } = await start(t);
    const ids: number[] = [];
    for (let n = 0; n < 4; n++) ids.push((await open(streamer(n))).live_id);
    const [a = 0, b = 0, c = 0, d = 0] = ids;
    await watch(a, 2);
    await watch(b, 9);
    const { rooms, total } = await list();
    assert.deepEqual(
      rooms.map(({ live_id, viewers }) => [live_id, viewers]),
      [
        [b, 9],
        [a, 2],
        [d, 0],
        [c, 0],
      ],
    );
    assert.equal(total, 4);
  });

  it("has twenty rooms on a page, and as many as asked for, from where it is asked", async (t) => {
    const { open, list } = await start(t);
    for (let n = 0; n < 23; n++) await open(streamer(n), `room ${n}`);
    const names = async (page: Params<"live.list">) =>
      (await list(page)).rooms.map(({ room_name }) => room_name);
    assert.equal((await names({})).length, 20);
    assert.deepEqual(await names({ offset: 20 }), ["room 2", "room 1", "room 0"]);
    assert.deepEqual(await names({ offset: 1, limit: 2 }), ["room 21", "room 20"]);
    assert.deepEqual(await list({ offset: 23 }), { rooms: [], total: 23 });
  });

  it("loses a room when its show ends", async (t) => {
    const { open, close, list } = await start(t);
    const alice = await open(ALICE);
    const bob = await open(BOB);
    await close(alice.live_id);
    const { rooms, total } = await list();
    assert.deepEqual(
      rooms.map(({ live_id }) => live_id),
      [bob.live_id],
    );
    assert.equal(total, 1);
  });

  it("does not count a show that is over, also where nobody looks at it", async (t) => {
    const { open, close, list } = await start(t);
    const alice = await open(ALICE);
    await open(BOB);
    await close(alice.live_id);
    assert.equal((await list({ limit: 1 })).total, 1);
  });

  it("knows the rooms that are live again after a restart", async (t) => {
    const dataDir = await tempDir(t);
    const before = await start(t, { dataDir });
    const alice = await before.open(ALICE);
    const bob = await before.open(BOB);
    await before.close(bob.live_id, BOB);
    await before.broker.stop();
    const after = await start(t, { dataDir });
    const { rooms, total } = await after.list();
    assert.deepEqual(
      rooms.map(({ live_id }) => live_id),
      [alice.live_id],
    );
    assert.equal(total, 1);
    await assert.rejects(after.open(ALICE), { type: "ROOM_EXISTS" });
  });

  it("fills a page although the end of some shows was not heard of", async (t) => {
    const { open, list, sql } = await start(t);
    for (let n = 0; n < 5; n++) await open(streamer(n), `room ${n}`);
    await sql(
      "UPDATE rooms SET end_time = 1, open_owner = NULL WHERE room_name IN ('room 4','room 3')",
    );
    const { rooms, total } = await list({ limit: 2 });
    assert.deepEqual(
      rooms.map(({ room_name }) => room_name),
      ["room 2", "room 1"],
    );
    assert.equal(total, 3);
  });

  it("finds rooms whose beginning was not heard of, twice a minute", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { open, list, sql } = await start(t);
    const { live_id } = await open();
    await sql(`INSERT INTO rooms (id, owner_id, owner_name, room_name, introduction, cover, stream_key,
                 start_time, end_time, open_owner, peak, messages, pushed, merged, suppressed)
               SELECT id + 1, 77, 'carol', room_name, '', '', 'key', start_time, 0,
                 77, 0, 0, 0, 0, 0 FROM rooms`);
    assert.equal((await list()).total, 1);
    t.mock.timers.tick(30_000);
    await waitFor(async () => (await list()).total === 2);
    const { rooms } = await list();
    assert.deepEqual(
      rooms.map((room) => room.live_id),
      [live_id + 1, live_id],
    );
  });
});

describe("live.shows", () => {
  it("answers where those of some people are live who are", async (t) => {
    const { broker, open, close } = await start(t);
    const shows = async (...owners: number[]) =>
      (await call(broker, "live.shows", { owners })).rooms;
    const first = await open(ALICE, "cats");
    const { live_id } = await open(BOB, "dogs");
    assert.deepEqual(await shows(BOB.user_id, 999), [
      { live_id, owner: BOB.user_id, owner_name: BOB.username, room_name: "dogs", cover: "" },
    ]);
    assert.equal((await shows(ALICE.user_id, BOB.user_id)).length, 2);
    await close(first.live_id);
    assert.deepEqual(await shows(ALICE.user_id), []);
  });
});

describe("live.stats", () => {
  const counted = { viewers: 5, peak: 9, messages: 100, pushed: 80, merged: 15, suppressed: 5 };

  it("asks the actor while the show is on", async (t) => {
    const { open, as } = await start(t, { push: fakePush(counted) });
    const { live_id } = await open();
    assert.deepEqual(await as(ALICE, "live.stats", { live_id }), {
      stats: { live_id, ...counted },
    });
  });

  it("answers what was counted when the show is over, also after a restart", async (t) => {
    const dataDir = await tempDir(t);
    const before = await start(t, { dataDir, push: fakePush(counted) });
    const { live_id } = await before.open();
    await before.close(live_id);
    const kept = { stats: { live_id, ...counted, viewers: 0 } };
    assert.deepEqual(await before.as(ALICE, "live.stats", { live_id }), kept);
    await before.broker.stop();
    const after = await start(t, { dataDir, push: null });
    assert.deepEqual(await after.as(ALICE, "live.stats", { live_id }), kept);
  });

  it("is for the owner only", async (t) => {
    const { open, as } = await start(t);
    const { live_id } = await open();
    await assert.rejects(as(null, "live.stats", { live_id }), { type: "NEED_LOGIN" });
    await assert.rejects(as(BOB, "live.stats", { live_id }), { type: "NO_ROOM_RIGHT" });
    await assert.rejects(as(ALICE, "live.stats", { live_id: NOBODY }), { type: "ROOM_NOT_FOUND" });
  });
});

describe("live.mute", () => {
  const mutes = (heard: { event: string; payload: unknown }[]) =>
    heard
      .filter(({ event }) => event === "live.muted")
      .map(({ payload }) => payload as EventMap["live.muted"]);

  it("keeps who may not speak and until when, and tells everybody", async (t) => {
    const { open, mute, card, heard } = await start(t);
    const { live_id } = await open();
    const before = Date.now();
    assert.deepEqual(await mute(live_id, BOB.user_id, 60), {});
    const [muted] = (await card(live_id)).muted;
    assert.equal(muted?.user_id, BOB.user_id);
    assert.ok(muted.until_ms >= before + 60_000 && muted.until_ms <= Date.now() + 60_000);
    assert.deepEqual(mutes(heard), [{ live_id, ...muted }]);
  });

  it("changes until when, for one who is muted already", async (t) => {
    const { open, mute, card } = await start(t);
    const { live_id } = await open();
    await mute(live_id, BOB.user_id, 60);
    await mute(live_id, BOB.user_id, 3600);
    const { muted } = await card(live_id);
    assert.equal(muted.length, 1);
    assert.ok((muted[0]?.until_ms ?? 0) > Date.now() + 3_000_000);
  });

  it("unmutes with 0 seconds, also one who was not muted", async (t) => {
    const { open, mute, card, heard } = await start(t);
    const { live_id } = await open();
    await mute(live_id, BOB.user_id, 60);
    await mute(live_id, BOB.user_id, 0);
    await mute(live_id, BOB.user_id, 0);
    assert.deepEqual((await card(live_id)).muted, []);
    const unmuted = { live_id, user_id: BOB.user_id, until_ms: 0 };
    assert.deepEqual(mutes(heard).slice(1), [unmuted, unmuted]);
  });

  it("is over when its time is over", async (t) => {
    const { open, mute, card, sql } = await start(t);
    const { live_id } = await open();
    await mute(live_id, BOB.user_id, 60);
    await sql(`UPDATE mutes SET until_ms = ${Date.now()}`);
    assert.deepEqual((await card(live_id)).muted, []);
  });

  it("ends with the show", async (t) => {
    const { open, mute, close, card, sql } = await start(t);
    const alice = await open(ALICE);
    const bob = await open(BOB);
    await mute(alice.live_id, BOB.user_id, 60);
    await mute(bob.live_id, ALICE.user_id, 60, BOB);
    await close(alice.live_id);
    assert.deepEqual((await card(alice.live_id)).muted, []);
    assert.deepEqual(await sql("SELECT live_id FROM mutes"), [{ live_id: bob.live_id }]);
  });

  it("is for the owner only, and during the show only", async (t) => {
    const { open, mute, close, as } = await start(t);
    const { live_id } = await open();
    const params = { live_id, user_id: BOB.user_id, seconds: 60 };
    await assert.rejects(as(null, "live.mute", params), { type: "NEED_LOGIN" });
    await assert.rejects(as(BOB, "live.mute", params), { type: "NO_ROOM_RIGHT" });
    await assert.rejects(mute(NOBODY, BOB.user_id, 60), { type: "ROOM_NOT_FOUND" });
    await close(live_id);
    await assert.rejects(mute(live_id, BOB.user_id, 60), { type: "ROOM_NOT_LIVE" });
  });

  it("refuses the owner as the one to be muted, and names the field", async (t) => {
    const { open, mute } = await start(t);
    const { live_id } = await open();
    await assert.rejects(mute(live_id, ALICE.user_id, 60), {
      type: "BAD_REQUEST",
      data: { fields: [{ field: "user_id", problem: "is the owner of the room" }] },
    });
  });

  it("refuses a user who does not exist", async (t) => {
    const { open, mute } = await start(t);
    const { live_id } = await open();
    await assert.rejects(mute(live_id, NOBODY, 60), { type: "USER_NOT_FOUND" });
  });

  it("has a limit per room that does not count those whose time is over", async (t) => {
    const { broker } = await start(t);
    const mutes = new Mutes(muteRepo(runtimeOf(broker).database.model("mutes") as never), 2);
    await mutes.set(7, 1, 10, 0);
    await mutes.set(7, 2, 60, 0);
    await assert.rejects(mutes.set(7, 3, 60, 0), { type: "BAD_REQUEST" });
    await mutes.set(7, 2, 90, 0);
    await mutes.set(8, 3, 60, 0);
    assert.equal(await mutes.set(7, 3, 60, 10_000), 70_000);
    assert.deepEqual(await mutes.of(7, 10_000), [
      { user_id: 2, until_ms: 90_000 },
      { user_id: 3, until_ms: 70_000 },
    ]);
  });
});

describe("live.card", () => {
  it("tells the room's actor what it has to know", async (t) => {
    const { open, card, single } = await start(t);
    const { live_id } = await open();
    const { start_time } = await single(live_id);
    const counters = { peak: 0, messages: 0, pushed: 0, merged: 0, suppressed: 0 };
    const expected = { live_id, owner: 11, start_time, is_live: true, muted: [], counters };
    assert.deepEqual(await card(live_id), expected);
  });

  it("tells what was counted last, also after a restart", async (t) => {
    const dataDir = await tempDir(t);
    const before = await start(t, { dataDir });
    const { live_id } = await before.open();
    const newer = { peak: 9, messages: 20, pushed: 12, merged: 5, suppressed: 3 };
    await call(before.broker, "live.count", { live_id, counters: newer });
    await call(before.broker, "live.count", { live_id, counters: { ...newer, messages: 19 } });
    await before.broker.stop();
    const after = await start(t, { dataDir });
    assert.deepEqual((await after.card(live_id)).counters, newer, "older counters change nothing");
  });

  it("says that a show is over", async (t) => {
    const { open, close, card } = await start(t);
    const { live_id } = await open();
    await close(live_id);
    assert.equal((await card(live_id)).is_live, false);
  });

  it("does not find a room that never was", async (t) => {
    const { card } = await start(t);
    await assert.rejects(card(NOBODY), { type: "ROOM_NOT_FOUND" });
  });
});

describe("live", () => {
  it("publishes no action beyond its contract", async (t) => {
    const { broker } = await start(t);
    const actions = broker.registry.actions.list({ onlyLocal: true }) as { name: string }[];
    const names = [
      "admitStream",
      "card",
      "close",
      "count",
      "cover",
      "endStreams",
      "keepStreams",
      "key",
      "list",
      "mute",
      "open",
      "shows",
      "single",
      "stats",
    ];
    assert.deepEqual(
      actions
        .map(({ name }) => name)
        .filter((name) => name.startsWith("live."))
        .sort(),
      names.map((name) => `live.${name}`),
    );
  });
});
