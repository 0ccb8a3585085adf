import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { defaultConfig } from "../../contracts/config.ts";
import { type MessageRecord, toLiveMessage } from "../../contracts/message-record.ts";
import { MessageType } from "../../contracts/objects.ts";
import { messageEvent, ownMessageEvent } from "../../lib/sse.ts";
import { INTEREST_MS } from "../../services/push/audience.ts";
import { roomStats, snapshot } from "../../services/push/room.ts";
import { batchOf, danmaku, LIVE_ID } from "../support/danmaku.ts";
import {
  EPOCH,
  OWNER,
  RoomAtWork,
  recordOf,
  refusalOf,
  START_MS,
  withLimits,
} from "../support/room-at-work.ts";
import { dataOf, messageIds, sseEvents } from "../support/sse-events.ts";

const FLUSH_MS = defaultConfig.hub.flush_ms;

/** A room with one gateway listening, whose presence is told already. */
function watchedRoom(...args: ConstructorParameters<typeof RoomAtWork>): RoomAtWork {
  const room = new RoomAtWork(...args);
  room.watch("gw-1", 1);
  room.wait(2000);
  room.emitted.length = 0;
  room.audiences.length = 0;
  return room;
}

const textOf = (records: MessageRecord[]) =>
  records.map((one) => messageEvent(one.id, JSON.stringify(toLiveMessage(one)))).join("");

describe("what somebody says", () => {
  test("becomes a record of the room's clock, with what the sender chose", () => {
    const room = new RoomAtWork();
    room.now = START_MS + 1999;
    const style = { mode: "top", color: "#FF0000", size: "small" } as const;
    const data = { gift_name: "rocket", gift_count: 3 };
    const said = { id: 55, type: MessageType.gift, content: "加油", style, data, user_id: 8 };
    assert.deepEqual(recordOf(room.send(said)), {
      id: 55,
      live_id: LIVE_ID,
      user_id: 8,
      user_name: "user 8",
      type: MessageType.gift,
      live_time: 61,
      send_time: START_MS / 1000 + 1,
      content: "加油",
      style,
      data,
      lottery_id: null,
    });
    assert.equal(room.state.lastId, 55);
  });

  test("is never before the start of the show", () => {
    const room = new RoomAtWork(defaultConfig, undefined, { start_time: START_MS / 1000 + 5 });
    assert.equal(recordOf(room.send()).live_time, 0);
  });

  test("is refused when the show is over", () => {
    const room = new RoomAtWork(defaultConfig, undefined, { is_live: false });
    assert.deepEqual(refusalOf(room.send()), ["ROOM_NOT_LIVE", null]);
  });

  test("is refused while the sender is muted, and says until when", () => {
    const room = new RoomAtWork();
    room.mute(7, START_MS + 1500);
    assert.deepEqual(refusalOf(room.send()), ["MUTED", { until: START_MS / 1000 + 2 }]);
    room.now += 1499;
    assert.equal(refusalOf(room.send())[0], "MUTED");
    assert.ok(recordOf(room.send({ user_id: 8 })), "others may speak");
    room.now += 1;
    assert.ok(recordOf(room.send()));
    assert.equal(room.state.muted.size, 0, "and what is over is forgotten");
  });

  test("is accepted again after an unmute", () => {
    const room = new RoomAtWork();
    room.mute(7, START_MS + 60_000);
    room.mute(7, 0);
    assert.ok(recordOf(room.send()));
  });

  test("is refused to those whom the room had muted before it woke up", () => {
    const muted = [{ user_id: 7, until_ms: START_MS + 1000 }];
    const room = new RoomAtWork(defaultConfig, undefined, { muted });
    assert.equal(refusalOf(room.send())[0], "MUTED");
  });

  test("is refused with a refused word, and costs nothing", () => {
    const room = new RoomAtWork();
    for (let i = 0; i < 20; i++)
      assert.deepEqual(refusalOf(room.send({ content: "a forbidden word" })), [
        "CONTENT_REFUSED",
        null,
      ]);
    assert.ok(recordOf(room.send()));
  });

  test("is kept and pushed with masked words masked", () => {
    const room = watchedRoom();
    const record = room.say({ content: "damn it" });
    assert.equal(record.content, "**** it");
    room.flush();
    const [message] = dataOf(room.emitted[0]?.batch.text ?? "", "message");
    assert.equal((message as MessageRecord).content, "**** it");
  });

  test("is limited for each sender: a burst, then a steady rate", () => {
    const room = new RoomAtWork();
    const { user_rate, user_burst } = defaultConfig.limiter;
    for (let i = 0; i < user_burst; i++) recordOf(room.send());
    const wait = Math.ceil(1000 / user_rate);
    assert.deepEqual(refusalOf(room.send()), ["RATE_LIMITED", { retry_after_ms: wait }]);
    assert.ok(recordOf(room.send({ user_id: 8 })), "another sender is free");
    room.now += wait - 1;
    assert.deepEqual(refusalOf(room.send()), ["RATE_LIMITED", { retry_after_ms: 1 }]);
    room.now += 1;
    assert.ok(recordOf(room.send()));
  });

  test("gets no id and changes nothing when it is refused", () => {
    const room = watchedRoom();
    room.mute(7, room.now + 1000);
    const before = room.state.lastId;
    room.send();
    assert.equal(room.state.lastId, before);
    assert.deepEqual(room.flush(), []);
    assert.equal(room.state.stats.messages, 0);
  });
});

describe("what the system says", () => {
  test("comes from the owner and carries the lottery", () => {
    const room = watchedRoom();
    const record = recordOf(room.announce(4, "[1,2]", 31));
    assert.deepEqual(
      [record.user_id, record.type, record.content, record.lottery_id],
      [OWNER, MessageType.winners, "[1,2]", 31],
    );
    room.commit(record);
    room.flush();
    const [message] = dataOf(room.emitted[0]?.batch.text ?? "", "message") as [
      ReturnType<typeof toLiveMessage>,
    ];
    assert.deepEqual([message.id, message.message_id], [31, record.id]);
  });

  test("knows no limit, no mute and no words", () => {
    const room = new RoomAtWork();
    room.mute(OWNER, START_MS + 1000);
    for (let i = 0; i < 50; i++) recordOf(room.announce(3, "a forbidden prize", i));
  });

  test("may be winners after the show, but no new lottery", () => {
    const room = new RoomAtWork();
    room.end();
    assert.deepEqual(refusalOf(room.announce(3, "prize", 31)), ["ROOM_NOT_LIVE", null]);
    assert.ok(recordOf(room.announce(4, "[]", 31)));
  });
});

describe("a flush", () => {
  test("of a quiet room is due at once", () => {
    const room = watchedRoom();
    const effects = room.commit(recordOf(room.send()));
    assert.deepEqual(effects, [{ kind: "schedule", at_ms: room.now }]);
  });

  test("of a busy room is due a tick after the last one", () => {
    const room = watchedRoom();
    room.say();
    room.flush();
    const flushedAt = room.now;
    room.now += 10;
    const effects = room.commit(recordOf(room.send()));
    assert.deepEqual(effects, [{ kind: "schedule", at_ms: flushedAt + FLUSH_MS }]);
  });

  test("of a vast audience is due at once, as its gateways gather", () => {
    const room = watchedRoom();
    room.watch("gw-1", 5000);
    room.wait(2000);
    const [effect] = room.send();
    assert.ok(effect?.kind === "append" && effect.isUrgent);
    room.commit(effect.record);
    room.flush();
    room.commit(recordOf(room.send()));
    assert.equal(room.dueMs, room.now + 5);
  });

  test("of as many viewers at more gateways is not", () => {
    const room = watchedRoom();
    room.watch("gw-1", 5000);
    room.watch("gw-2", 4999);
    room.wait(2000);
    const [effect] = room.send();
    assert.ok(effect?.kind === "append" && !effect.isUrgent);
    room.commit(effect.record);
    room.flush();
    room.commit(recordOf(room.send()));
    assert.equal(room.dueMs, room.now + FLUSH_MS);
  });

  test("of a vast audience waits for a longer tick, if that is what operators want", () => {
    const room = watchedRoom(withLimits({}, { flush_ms: 200 }));
    room.watch("gw-1", 24_999);
    room.wait(2000);
    room.say();
    room.flush();
    room.say();
    assert.equal(room.dueMs, room.now + 200);
  });

  test("of a vast audience waits a tick when something may have to be left out", () => {
    const room = watchedRoom();
    room.watch("gw-1", 5000);
    room.wait(2000);
    for (let user_id = 1; user_id <= 13; user_id++) room.say({ user_id });
    room.flush();
    room.say();
    assert.equal(room.dueMs, room.now + FLUSH_MS, "12 of 25 are left");
  });

  test("is scheduled once for all messages of a window", () => {
    const room = watchedRoom();
    room.say();
    assert.deepEqual(room.commit(recordOf(room.send())), []);
  });

  test("brings the messages in order, once, to exactly the gateways that have viewers", () => {
    const room = watchedRoom();
    room.watch("gw-2", 3);
    const said = [room.say(), room.say(), room.say()];
    room.wait(FLUSH_MS);
    const [first] = room.emitted;
    assert.equal(room.emitted.length, 1);
    assert.deepEqual(first?.nodes, ["gw-1", "gw-2"]);
    assert.deepEqual(
      first?.batch.ids,
      said.map(({ id }) => id),
    );
    assert.equal(first?.batch.prev, 0);
    assert.ok(first?.batch.text.startsWith(textOf(said)));
  });

  test("with nothing to say says nothing", () => {
    const room = watchedRoom();
    assert.deepEqual(room.flush(), []);
    assert.deepEqual(room.emitted, []);
  });

  test("tells counts of folded texts after the messages", () => {
    const room = watchedRoom();
    const first = room.say({ content: "666" });
    room.say({ content: "666", user_id: 8 });
    room.flush();
    const events = sseEvents(room.emitted[0]?.batch.text ?? "");
    assert.deepEqual(
      events.map(({ event }) => event),
      ["message", "merged"],
    );
    assert.deepEqual(JSON.parse(events[1]?.data ?? ""), { id: first.id, count: 1 });
  });

  test("shows a folded message to its own sender, without an id", () => {
    const room = watchedRoom();
    room.say({ content: "666" });
    const repeat = room.say({ content: "666", user_id: 8 });
    room.flush();
    const text = ownMessageEvent(JSON.stringify(toLiveMessage(repeat)));
    assert.deepEqual(room.emitted[0]?.batch.own, [{ user_id: 8, text }]);
    assert.equal(sseEvents(text)[0]?.id, undefined);
  });

  test("shows suppressed messages to their own senders, also when nothing else is told", () => {
    const room = watchedRoom(withLimits({ room_rate: 1, room_rate_min: 1 }));
    for (let user_id = 0; user_id < 10; user_id++) room.say({ user_id });
    room.flush();
    const [push] = room.emitted.splice(0);
    assert.deepEqual([push?.batch.ids.length, push?.batch.own], [10, undefined]);

    const left = [room.say({ user_id: 20 }), room.say({ user_id: 21 })];
    room.flush();
    const [batch] = room.emitted.map((one) => one.batch);
    assert.deepEqual([batch?.ids, batch?.text], [[], ""]);
    assert.deepEqual(
      batch?.own?.map(({ user_id }) => user_id).toSorted(),
      left.map(({ user_id }) => user_id),
    );
    assert.equal(batch?.prev, push?.batch.ids.at(-1));
  });

  test("counts what became of the messages", () => {
    const room = watchedRoom(withLimits({ room_rate: 1, room_rate_min: 1 }));
    for (let user_id = 0; user_id < 12; user_id++) room.say({ user_id });
    for (let user_id = 0; user_id < 4; user_id++) room.say({ user_id, content: "danmaku 1" });
    room.flush();
    assert.deepEqual(roomStats(room.state), {
      live_id: LIVE_ID,
      viewers: 1,
      peak: 1,
      messages: 16,
      pushed: 10,
      merged: 4,
      suppressed: 2,
    });
  });

  test("is not put off when the clock steps back", () => {
    const room = watchedRoom();
    room.say();
    room.flush();
    room.now -= 3_600_000;
    room.commit(recordOf(room.send({ user_id: 8 })));
    assert.ok((room.dueMs ?? 0) <= room.now + FLUSH_MS);
  });
});

describe("what is too much for one packet", () => {
  test("goes out in several batches, in order, with the notices after the last", () => {
    const room = new RoomAtWork(withLimits({ room_rate: 10_000, room_rate_min: 10_000 }));
    room.watch("gw-1", 1);
    for (let user = 1; user <= 400; user++)
      room.say({ user_id: user, content: `${"好".repeat(490)} ${user}` });
    room.emitted.length = 0;
    room.flush();
    const batches = room.emitted.map(({ batch }) => batch);
    assert.ok(batches.length > 1);
    const ids = batches.flatMap((batch) => batch.ids);
    assert.equal(ids.length, 400);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    let last = 0;
    for (const { prev, text, ids: some } of batches) {
      assert.equal(prev, last);
      assert.ok(text.length <= 129 * 1024, `${text.length}`);
      last = some.at(-1) ?? last;
    }
    const told = batches.map(({ text }) => text.includes("event: presence"));
    assert.deepEqual(told, [...told.slice(1).map(() => false), true]);
  });

  test("of what only senders see, goes out in several batches too", () => {
    const room = new RoomAtWork(withLimits({ room_rate: 1, room_rate_min: 1 }));
    for (let user = 1; user <= 400; user++)
      room.say({ user_id: user, content: `${"好".repeat(490)} ${user}` });
    room.flush();
    const own = room.emitted.map(({ batch }) => batch.own ?? []);
    assert.ok(own.length > 1);
    assert.equal(own.flat().length + room.emitted.flatMap(({ batch }) => batch.ids).length, 400);
  });
});

describe("presence", () => {
  const presences = (room: RoomAtWork) =>
    room.emitted.flatMap(({ at_ms, batch }) =>
      dataOf(batch.text, "presence").map((data) => ({ at_ms: at_ms - START_MS, data })),
    );

  test("is told to the room and to the cluster when it changes", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 3);
    room.wait(0);
    assert.deepEqual(presences(room), [{ at_ms: 0, data: { viewers: 3 } }]);
    assert.deepEqual(room.audiences, [{ at_ms: START_MS, viewers: 3 }]);
  });

  test("is told at most once a second, and then the latest", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 1);
    for (let viewers = 2; viewers < 30; viewers++) {
      room.wait(50);
      room.watch("gw-1", viewers);
    }
    room.wait(5000);
    assert.deepEqual(presences(room), [
      { at_ms: 0, data: { viewers: 1 } },
      { at_ms: 1000, data: { viewers: 20 } },
      { at_ms: 2000, data: { viewers: 29 } },
    ]);
  });

  test("that returned to what was told is not told again", () => {
    const room = watchedRoom();
    room.watch("gw-1", 2);
    room.watch("gw-1", 1);
    room.wait(5000);
    assert.deepEqual(room.emitted, []);
  });

  test("that waits for its second delays no message", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 1);
    room.wait(100);
    room.watch("gw-1", 2);
    room.wait(100);
    assert.equal(room.dueMs, START_MS + 1000);
    const said = room.say();
    room.wait(0);
    assert.deepEqual(room.emitted.at(-1)?.batch.ids, [said.id]);
    room.wait(1000);
    assert.deepEqual(presences(room).at(-1), { at_ms: 1000, data: { viewers: 2 } });
  });

  test("is not put off when the clock steps back", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 1);
    room.wait(100);
    room.now -= 3_600_000;
    room.watch("gw-1", 2);
    room.wait(1000);
    assert.deepEqual(room.audiences.at(-1)?.viewers, 2);
  });

  test("loses gateways that fell silent, in room and ceiling", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 3);
    room.wait(INTEREST_MS);
    assert.deepEqual(
      room.sweep().map(({ kind }) => kind),
      ["schedule"],
    );
    room.wait(1000);
    assert.equal(room.audiences.at(-1)?.viewers, 0);
    assert.deepEqual(roomStats(room.state).viewers, 0);
    assert.equal(roomStats(room.state).peak, 3);
  });

  test("does not go into the tail", () => {
    const room = new RoomAtWork();
    room.watch("gw-1", 3);
    const said = room.say();
    room.wait(2000);
    assert.deepEqual(
      snapshot(room.state).batches.map(({ text }) => text),
      [textOf([said])],
    );
  });
});

describe("the end of a show", () => {
  test("brings what waits, then the news of the end", () => {
    const room = watchedRoom();
    const said = room.say();
    assert.deepEqual(
      room.end().map(({ kind }) => kind),
      ["emit", "emit"],
    );
    const [last, end] = room.emitted.map(({ batch }) => batch);
    assert.deepEqual([last?.ids, last?.ended], [[said.id], undefined]);
    assert.deepEqual(end, { live_id: LIVE_ID, prev: said.id, ids: [], text: "", ended: true });
    assert.deepEqual(
      room.emitted.map(({ nodes }) => nodes),
      [["gw-1"], ["gw-1"]],
    );
  });

  test("is told once", () => {
    const room = watchedRoom();
    room.end();
    assert.deepEqual(room.end(), []);
  });

  test("ends the talking", () => {
    const room = watchedRoom();
    room.end();
    assert.deepEqual(refusalOf(room.send()), ["ROOM_NOT_LIVE", null]);
  });
});

describe("the configuration", () => {
  const overload = (room: RoomAtWork) => {
    for (let user_id = 0; user_id < 100; user_id++) room.say({ user_id });
    room.flush();
    return room.emitted.at(-1)?.batch.ids.length;
  };

  test("of the ceiling applies at once", () => {
    const room = watchedRoom(withLimits({ room_rate: 400 }));
    room.configure(withLimits({ room_rate: 60 }));
    assert.equal(overload(room), 15);
  });

  test("of the senders applies at once", () => {
    const room = watchedRoom();
    room.configure(withLimits({ user_rate: 1, user_burst: 1 }));
    recordOf(room.send());
    assert.deepEqual(refusalOf(room.send()), ["RATE_LIMITED", { retry_after_ms: 1000 }]);
  });

  test("of folding applies at once", () => {
    const room = watchedRoom();
    room.configure(withLimits({ merge_window_ms: 0 }));
    room.say({ content: "666" });
    room.say({ content: "666" });
    room.flush();
    assert.equal(room.emitted[0]?.batch.ids.length, 2);
  });

  test("of the tick applies to the next flush", () => {
    const room = watchedRoom();
    room.say();
    room.flush();
    room.configure(withLimits({}, { flush_ms: 200 }));
    room.say();
    assert.equal(room.dueMs, room.now + 200);
  });

  test("and a large audience together make the ceiling", () => {
    const room = watchedRoom(withLimits({ room_rate: 400, room_rate_min: 20 }));
    room.watch("gw-1", 20_000);
    assert.equal(overload(room), 25, "2,000,000 deliveries a second are 100 messages for 20,000");
    room.configure(withLimits({ room_rate: 400, room_rate_min: 20, room_egress: 1000 }));
    room.wait(60_000);
    assert.equal(overload(room), 10, "not below the minimum");
  });
});

describe("a room that wakes up", () => {
  const past = Array.from({ length: 120 }, (_, i) => danmaku(1000 + 10 * i));

  test("goes on from its last messages", () => {
    const room = new RoomAtWork(defaultConfig, { messages: past, prev: 990 });
    assert.equal(room.state.lastId, 2190);
    const { epoch, prev, batches, viewers } = snapshot(room.state);
    assert.deepEqual([epoch, prev, viewers], [EPOCH, 990, 0]);
    assert.deepEqual(
      batches.flatMap(({ ids }) => ids),
      past.map(({ id }) => id),
    );
    assert.equal(batches.map(({ text }) => text).join(""), textOf(past));
    assert.deepEqual(
      batches.map(({ prev: before }) => before),
      [990, 1490, 1990],
    );
  });

  test("goes on from what the owner before has left, and from what it had not pushed yet", () => {
    const left = { prev: 990, batches: [batchOf(990, [1000, 1010])] };
    const messages = [1010, 1020].map((id) => danmaku(id));
    const room = new RoomAtWork(defaultConfig, { messages, prev: 1005, tail: left });
    assert.equal(room.state.lastId, 1020);
    const { prev, batches } = snapshot(room.state);
    assert.equal(prev, 990);
    assert.deepEqual(batches[0], left.batches[0]);
    assert.deepEqual(
      batches.map(({ prev: before, ids }) => [before, ids]),
      [
        [990, [1000, 1010]],
        [1010, [1020]],
      ],
    );
  });

  test("without a past begins at 0", () => {
    const room = new RoomAtWork();
    assert.deepEqual(snapshot(room.state), { epoch: EPOCH, prev: 0, batches: [], viewers: 0 });
  });

  test("after the show takes no messages", () => {
    const room = new RoomAtWork(defaultConfig, undefined, { is_live: false });
    assert.equal(room.state.ended, true);
    assert.deepEqual(room.end(), [], "and does not end again");
  });
});

describe("whatever happens in a room", () => {
  type Step =
    | { kind: "say"; said: { user_id: number; type: MessageType; content: string } }
    | { kind: "wait"; ms: number }
    | { kind: "watch"; node: string; viewers: number }
    | { kind: "sweep" }
    | { kind: "configure" };

  const said = fc.record({
    user_id: fc.integer({ min: 1, max: 9 }),
    type: fc.constantFrom<MessageType[]>(0, 0, 0, 1, 2),
    content: fc.constantFrom("666", "哈哈", "damn", "forbidden", "id: 5\n\n", "gg"),
  });
  const ms = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3000 }));
  const watching = {
    node: fc.constantFrom("gw-1", "gw-2"),
    viewers: fc.integer({ min: 0, max: 3 }),
  };
  const aStep: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("say"), said }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait"), ms }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("watch"), ...watching }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("sweep", "configure") }) },
  );

  /** Takes some steps; answers the ids of the messages that were accepted. */
  function play(room: RoomAtWork, steps: Step[]): number[] {
    const accepted: number[] = [];
    for (const step of steps) {
      if (step.kind === "wait") room.wait(step.ms);
      else if (step.kind === "watch") room.watch(step.node, step.viewers);
      else if (step.kind === "sweep") room.sweep();
      else if (step.kind === "configure") room.configure(withLimits({ room_rate: 30 }));
      else {
        const [effect] = room.send(step.said);
        if (effect?.kind !== "append") continue;
        accepted.push(effect.record.id);
        room.commit(effect.record);
      }
    }
    return accepted;
  }
  const steps = fc.array(aStep, { maxLength: 120 });
  const limits = withLimits({ room_rate: 20, room_rate_min: 5, user_burst: 20 });

  test("the batches are contiguous, ascending, and the tail has them all", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const room = new RoomAtWork(limits, { messages: [danmaku(5)], prev: 3 });
        play(room, all);
        room.wait(2000);
        let last = 5;
        for (const { batch } of room.emitted) {
          assert.equal(batch.prev, last);
          assert.deepEqual(messageIds(batch.text), batch.ids);
          for (const id of batch.ids) {
            assert.ok(id > last);
            last = id;
          }
        }
        const pushed = room.emitted.flatMap(({ batch }) => batch.ids);
        assert.deepEqual(
          snapshot(room.state).batches.flatMap(({ ids }) => ids),
          [5, ...pushed],
        );
      }),
    );
  });

  test("everything accepted is pushed, or shown to its sender", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const room = new RoomAtWork(limits);
        const accepted = play(room, all);
        room.wait(2000);
        const seen = room.emitted.flatMap(({ batch }) => [
          ...batch.ids,
          ...(batch.own ?? []).map(({ text }) => (dataOf(text, "message")[0] as MessageRecord).id),
        ]);
        assert.deepEqual(
          seen.toSorted((a, b) => a - b),
          accepted,
        );
      }),
    );
  });

  test("messages go out at most once a tick, and wait no longer than that", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const room = new RoomAtWork(limits);
        const saidAt = new Map<number, number>();
        for (const step of all) for (const id of play(room, [step])) saidAt.set(id, room.now);
        room.wait(2000);
        const flushes = room.emitted.filter(
          ({ batch }) => batch.ids.length > 0 || batch.own !== undefined,
        );
        for (const [i, { at_ms, batch }] of flushes.entries()) {
          const before = flushes[i - 1]?.at_ms ?? Number.NEGATIVE_INFINITY;
          assert.ok(at_ms - before >= FLUSH_MS, "not more often than a tick");
          for (const id of batch.ids)
            assert.ok(at_ms <= Math.max(saidAt.get(id) ?? 0, before + FLUSH_MS), "not later");
        }
      }),
    );
  });

  test("presence is told at most once a second, and never the same twice", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const room = new RoomAtWork(limits);
        play(room, all);
        room.wait(2000);
        for (const [i, { at_ms, viewers }] of room.audiences.entries()) {
          const before = room.audiences[i - 1];
          assert.notEqual(viewers, before?.viewers ?? 0);
          assert.ok(at_ms - (before?.at_ms ?? 0) >= 1000);
        }
        assert.equal(room.audiences.at(-1)?.viewers ?? 0, room.state.audience.viewers);
      }),
    );
  });
});
