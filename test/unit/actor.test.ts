import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { ProductError } from "../../contracts/errors.ts";
import { MessageType } from "../../contracts/objects.ts";
import { RoomActor } from "../../services/push/actor.ts";
import { RecordingPorts, sole } from "../support/actor-ports.ts";
import { LIVE_ID } from "../support/danmaku.ts";
import { RoomAtWork, START_MS } from "../support/room-at-work.ts";

const FLUSH_MS = defaultConfig.hub.flush_ms;
const MINUTE_MS = 60_000;

/** An actor whose time and timers the test moves. */
function actorAt(t: TestContext, { config = defaultConfig as Config, is_live = true } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate", "Date"], now: START_MS });
  const ports = new RecordingPorts();
  const { state } = new RoomAtWork(config, undefined, { is_live });
  const ownership = { hold: sole, remembered: 0, fenced: () => assert.fail() };
  return { actor: new RoomActor(state, ports, ownership), ports, clock: t.mock.timers };
}

function send(id: number, different: { content?: string; user_id?: number } = {}) {
  const { user_id = 7, content = `danmaku ${id}` } = different;
  return {
    kind: "send" as const,
    now_ms: Date.now(),
    id,
    sender: { user_id, user_name: "小明" },
    type: MessageType.bullet,
    content,
    style: null,
    data: null,
  };
}

describe("saying something", () => {
  test("is answered with the id once it is durable, and pushed only then", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    const journal = ports.holdAppends();
    let answered: number | null = null;
    const said = actor.say(send(5)).then((id) => {
      answered = id;
    });
    clock.tick(1000);
    assert.equal(answered, null);
    assert.deepEqual(ports.batches, []);

    journal.release();
    await said;
    clock.tick(0);
    assert.equal(answered, 5);
    assert.deepEqual(
      ports.batches.map(({ ids }) => ids),
      [[5]],
    );
  });

  test("that cannot be made durable is answered with that error, and never pushed", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    ports.failAppends(new ProductError("SEND_FAILED", { retry_after_ms: 1000 }));
    await assert.rejects(actor.say(send(5)), { type: "SEND_FAILED" });
    ports.failAppends(null);
    await actor.say(send(6));
    clock.tick(1000);
    assert.deepEqual(
      ports.batches.map(({ ids, prev }) => [prev, ids]),
      [[0, [6]]],
    );
    assert.equal(actor.state.stats.messages, 1);
  });

  test("that is refused is answered with the reason, and not kept", async (t) => {
    const { actor, ports } = actorAt(t);
    actor.apply({ kind: "mute", user_id: 7, until_ms: START_MS + 1000 });
    await assert.rejects(actor.say(send(5)), {
      type: "MUTED",
      data: { until: START_MS / 1000 + 1 },
    });
    assert.deepEqual(ports.records, []);
  });

  test("together is pushed together: one flush for all messages of a commit", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    const journal = ports.holdAppends();
    const all = [5, 6, 7, 8].map((id) => actor.say(send(id, { user_id: id })));
    journal.release();
    await Promise.all(all);
    clock.tick(0);
    assert.deepEqual(
      ports.batches.map(({ ids }) => ids),
      [[5, 6, 7, 8]],
    );
  });

  test("in a busy room waits for the tick, and for no more", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    await actor.say(send(5));
    clock.tick(0);
    clock.tick(10);
    await actor.say(send(6));
    clock.tick(FLUSH_MS - 11);
    assert.equal(ports.batches.length, 1);
    clock.tick(1);
    assert.deepEqual(
      ports.batches.map(({ ids }) => ids),
      [[5], [6]],
    );
  });

  test("is not delayed by a presence that waits for its second", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    actor.watch("gw-1", 1);
    clock.tick(0);
    clock.tick(100);
    actor.watch("gw-1", 2);
    clock.tick(0);
    await actor.say(send(5));
    clock.tick(FLUSH_MS);
    assert.deepEqual(ports.batches.at(-1)?.ids, [5]);
    clock.tick(1000);
    assert.deepEqual(ports.audiences, [1, 2]);
  });
});

describe("an actor", () => {
  test("tells gateways and cluster how many watch", (t) => {
    const { actor, ports, clock } = actorAt(t);
    actor.watch("gw-1", 3);
    clock.tick(0);
    assert.deepEqual(ports.audiences, [3]);
    assert.deepEqual(ports.nodes, [["gw-1"]]);
  });

  test("that ends brings what waits and says so, once", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    await actor.say(send(5));
    actor.end();
    actor.end();
    clock.tick(1000);
    assert.deepEqual(
      ports.batches.map(({ ids, ended }) => [ids, ended]),
      [
        [[5], undefined],
        [[], true],
      ],
    );
  });

  test("that closes sends what waits and leaves no timer behind", async (t) => {
    const { actor, ports, clock } = actorAt(t);
    actor.watch("gw-1", 1);
    clock.tick(0);
    actor.watch("gw-1", 2);
    await actor.say(send(5));
    actor.close();
    assert.deepEqual(ports.batches.at(-1)?.ids, [5]);
    const count = ports.batches.length;
    clock.tick(10 * MINUTE_MS);
    assert.equal(ports.batches.length, count);
  });

  test("that closes with nothing to say says nothing", (t) => {
    const { actor, ports } = actorAt(t);
    actor.close();
    assert.deepEqual(ports.batches, []);
  });
});

describe("an actor is idle", () => {
  const later = (ms: number) => START_MS + ms;

  test("some minutes after it was last used", (t) => {
    const { actor } = actorAt(t);
    assert.equal(actor.isIdle(later(5 * MINUTE_MS)), false);
    assert.equal(actor.isIdle(later(5 * MINUTE_MS + 1)), true);
  });

  test("sooner when the show is over", (t) => {
    const { actor } = actorAt(t, { is_live: false });
    assert.equal(actor.isIdle(later(30_000)), false);
    assert.equal(actor.isIdle(later(30_001)), true);
  });

  test("never while somebody watches", (t) => {
    const { actor, clock } = actorAt(t);
    actor.watch("gw-1", 1);
    clock.tick(5000);
    assert.equal(actor.isIdle(later(60 * MINUTE_MS)), false);
  });

  test("never while something waits to be sent", async (t) => {
    const { actor, clock } = actorAt(t);
    await actor.say(send(5));
    assert.equal(actor.isIdle(later(60 * MINUTE_MS)), false);
    clock.tick(0);
    assert.equal(actor.isIdle(later(60 * MINUTE_MS)), true);
  });

  test("not soon after somebody spoke or watched", async (t) => {
    const { actor, clock } = actorAt(t);
    clock.tick(4 * MINUTE_MS);
    await actor.say(send(5));
    clock.tick(0);
    assert.equal(actor.isIdle(later(9 * MINUTE_MS)), false);
    clock.tick(4 * MINUTE_MS);
    actor.watch("gw-1", 0);
    assert.equal(actor.isIdle(later(13 * MINUTE_MS)), false);
    assert.equal(actor.isIdle(later(13 * MINUTE_MS + 1)), true);
    assert.equal(actor.state.live_id, LIVE_ID);
  });
});

describe("counters", () => {
  test("are kept when something was said, and once only", async (t) => {
    const { actor, ports } = actorAt(t);
    await actor.count();
    assert.deepEqual(ports.counts, [], "there is nothing new to keep");
    await actor.say(send(5));
    await actor.count();
    await actor.count();
    assert.deepEqual(
      ports.counts.map(({ messages }) => messages),
      [1],
    );
  });

  test("are kept when the room leaves memory, with what it still had to push", async (t) => {
    const { actor, ports } = actorAt(t);
    await actor.say(send(5));
    await actor.close();
    assert.deepEqual(ports.counts.at(-1), {
      peak: 0,
      messages: 1,
      pushed: 1,
      merged: 0,
      suppressed: 0,
    });
  });
});
