import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { call } from "../../contracts/call.ts";
import { freePort } from "../../scripts/stack/free-port.ts";
import { natsNode } from "../../scripts/stack/nats-node.ts";
import messageService from "../../services/message/message.service.ts";
import { cleanUp } from "../support/cleanup.ts";
import {
  channelsOf,
  danmakus,
  historyOf,
  keeperOf,
  liveService,
  range,
} from "../support/history.ts";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const PATIENCE = { timeoutMs: 40_000, intervalMs: 50 };
const scope = { after };
const { env, mariadb } = await startStack(scope, { mariadb: true, redis: true });
const folder = await tempDir(scope);
const nats = natsNode({
  name: "NATS",
  serverName: "nats",
  folder,
  port: await freePort(new Set()),
  password: "secret",
  awaitJetStream: true,
});
cleanUp(scope, () => nats.kill());
await nats.start();
const variables = { ...env, NATS_URL: nats.url, JWT_SECRET: "x".repeat(32) };
const services = [liveService, messageService];

/** Ends before anybody who waits for it would lose patience. */
const inTime = async (work: Promise<unknown>) =>
  assert.notEqual(await Promise.race([work, pause(30_000, "late", { ref: false })]), "late");

describe("durable messages", () => {
  it("go on by themselves when NATS came back without its files", async (t) => {
    const node = await startNode(t, { services, env: variables });
    const keep = keeperOf(node);
    await keep(danmakus(1, 5));
    await call(node, "message.catchUp", {});
    await nats.kill();
    await rm(join(folder, "jetstream"), { recursive: true });
    await nats.start();
    await waitFor(async () => {
      await keep(danmakus(11, 5));
      return true;
    }, PATIENCE);
    await waitFor(() => call(node, "message.catchUp", {}), PATIENCE);
    assert.deepEqual(await historyOf(node, 1, 99), [...range(1, 5), ...range(11, 15)]);
  });

  it("are neither lost nor in the way when their node stops while the database is away", async (t) => {
    const node = await startNode(t, { services, env: variables });
    const sender = await startNode(t, { services: [], env: variables });
    await mariadb.kill();
    await keeperOf(sender)(danmakus(101, 5));
    await waitFor(async () => (await channelsOf(sender).backlog("danmaku")).underway > 0, PATIENCE);
    await inTime(node.stop());
    await mariadb.start();
    const other = await startNode(t, { services, env: variables });
    await waitFor(() => call(other, "message.catchUp", {}), PATIENCE);
    assert.deepEqual(await historyOf(other, 101, 199), range(101, 105));
  });

  it("do not keep a node from stopping while NATS is away", async (t) => {
    const node = await startNode(t, { services, env: variables });
    await nats.kill();
    await inTime(node.stop());
    await nats.start();
  });
});
