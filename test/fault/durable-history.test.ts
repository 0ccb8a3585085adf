import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import messageService from "../../services/message/message.service.ts";
import {
  channelsOf,
  danmakus,
  historyOf,
  keeperOf,
  liveService,
  range,
} from "../support/history.ts";
import { startNode } from "../support/node.ts";
import { startProcess } from "../support/process.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type Variables = Readonly<Record<string, string>>;

const TAKER = join(import.meta.dirname, "..", "support", "message-taker.ts");
const PATIENCE = { timeoutMs: 40_000, intervalMs: 50 };

// One stack and one node that sends for all but the last test, each with ids of its own.
const scope = { after };
const { env, mariadb, nats } = await startStack(scope, { mariadb: true, redis: true, nats: true });
const node = await startNode(scope, { services: [], env });
let tests = 0;
const firstId = () => ++tests * 1_000_000;

const taker = (t: TestContext, env: Variables) =>
  startNode(t, { services: [liveService, messageService], env });

/** A taker in a process of its own, that dies after so many commits if that is said. */
async function takerProcess(t: TestContext, env: Variables, dieAfter?: number) {
  return startProcess(t, {
    command: process.execPath,
    args: [TAKER],
    env: {
      ...env,
      DATA_DIR: await tempDir(t),
      LOG_LEVEL: "error",
      RTMP_PORT: "0",
      METRICS_PORT: "0",
      ...(dieAfter === undefined ? {} : { DIE_AFTER: `${dieAfter}` }),
    },
    ready: /takes messages/,
  });
}

/** Somebody who speaks all the time, and who knows what was accepted. */
function speak(node: ServiceBroker, first: number) {
  const keep = keeperOf(node);
  const accepted: number[] = [];
  const refused: number[] = [];
  let talking = true;
  const talk = (async () => {
    for (let id = first; talking; id += 2) {
      await keep(danmakus(id, 2)).then(
        () => accepted.push(id, id + 1),
        () => refused.push(id, id + 1),
      );
      await pause(5);
    }
  })();
  return {
    accepted,
    refused,
    /** Waits until so many more were accepted. */
    async more(count: number) {
      const goal = accepted.length + count;
      await waitFor(() => accepted.length >= goal, { ...PATIENCE, message: `${count} messages` });
    },
    async stop() {
      talking = false;
      await talk;
    },
  };
}

/** All that was accepted is in history, and nothing that nobody said. */
async function expectExact(broker: ServiceBroker, accepted: number[], refused: number[]) {
  await waitFor(() => call(broker, "message.catchUp", { within_ms: 5_000 }), PATIENCE);
  const first = Math.min(...accepted, ...refused);
  const kept = await historyOf(broker, first, first + 999_999);
  const have = new Set(kept);
  assert.equal(have.size, kept.length);
  assert.deepEqual(
    accepted.filter((id) => !have.has(id)),
    [],
  );
  const known = new Set([...accepted, ...refused]);
  assert.deepEqual(
    kept.filter((id) => !known.has(id)),
    [],
  );
  // A stream whose leader has just gone has another one in a moment.
  const lag = await waitFor(() => call(broker, "message.lag", {}), PATIENCE);
  assert.equal(lag.dead_letters, 0);
}

describe("history", () => {
  it("is exact when a taker is killed between its commit and its word that it is done", async (t) => {
    const first = firstId();
    const dying = await takerProcess(t, env, 1);
    await keeperOf(node)(danmakus(first, 50));
    assert.equal((await dying.ended).signal, "SIGKILL");
    assert.equal((await channelsOf(node).backlog("danmaku")).underway, 1);

    const other = await taker(t, env);
    assert.deepEqual(await historyOf(other, first, first + 999), range(first, first + 49));
    await expectExact(other, range(first, first + 49), []);
    const { delivered } = await channelsOf(node).manager.consumers.info(
      "molimoli_danmaku",
      "message",
    );
    assert.ok(delivered.consumer_seq > delivered.stream_seq, "it was not delivered again");
  });

  it("is exact when takers are killed one after the other under load", async (t) => {
    const speaker = speak(node, firstId());
    await Promise.all([takerProcess(t, env, 20), takerProcess(t, env, 35)]);
    await speaker.more(100);
    const last = await taker(t, env);
    await speaker.more(100);
    await speaker.stop();
    assert.deepEqual(speaker.refused, []);
    await expectExact(last, speaker.accepted, []);
  });

  it("goes on when a taker stands still, and is exact when it goes on too", async (t) => {
    const frozen = await takerProcess(t, env);
    const awake = await taker(t, env);
    const speaker = speak(node, firstId());
    await speaker.more(50);
    frozen.child.kill("SIGSTOP");
    await speaker.more(200);
    await speaker.stop();
    await waitFor(() => call(awake, "message.catchUp", { within_ms: 5_000 }), PATIENCE);
    frozen.child.kill("SIGCONT");
    await expectExact(awake, speaker.accepted, speaker.refused);
  });

  it("is exact after the database was away, while messages went on being accepted", async (t) => {
    const broker = await taker(t, env);
    const speaker = speak(node, firstId());
    await speaker.more(50);
    await mariadb.kill();
    await speaker.more(400);
    await assert.rejects(call(broker, "message.catchUp", { within_ms: 300 }), {
      type: "UNAVAILABLE",
    });
    await mariadb.start();
    await speaker.more(50);
    await speaker.stop();
    assert.deepEqual(speaker.refused, []);
    await expectExact(broker, speaker.accepted, []);
  });

  it("is exact after NATS was killed and restarted with its files", async (t) => {
    const broker = await taker(t, env);
    const speaker = speak(node, firstId());
    await speaker.more(50);
    for (let times = 0; times < 2; times++) {
      await nats.kill();
      await pause(300);
      await nats.start();
      await speaker.more(50);
    }
    await speaker.stop();
    await expectExact(broker, speaker.accepted, speaker.refused);
  });

  it("is exact, and nobody refused, when one of three NATS servers is killed and comes back", async (t) => {
    const cluster3 = await startStack(t, { nats: { nodes: 3 } });
    const replicated = { ...env, ...cluster3.env };
    const node = await startNode(t, { services: [], env: replicated });
    const { config, cluster } = await channelsOf(node).manager.streams.info("molimoli_danmaku");
    assert.equal(config.num_replicas, 3);
    const broker = await taker(t, replicated);
    const speaker = speak(node, firstId());
    await speaker.more(50);
    const leader = cluster3.nats.nodes[Number(cluster?.leader?.at(-1)) - 1];
    assert.ok(leader !== undefined);
    await leader.kill();
    await speaker.more(50);
    await leader.start();
    await speaker.more(50);
    await speaker.stop();
    await expectExact(broker, speaker.accepted, speaker.refused);
  });
});
