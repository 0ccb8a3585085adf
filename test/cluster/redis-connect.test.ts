import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Redis } from "ioredis";
import { closeRedis, openRedis, type RedisNews } from "../../lib/redis/connect.ts";
import { freePort } from "../../scripts/stack/free-port.ts";
import { startProcess } from "../support/process.ts";
import { redisClient } from "../support/redis-client.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

/** Every command is over by then, whatever happens to the server. */
const SOON_MS = 5_000;
const RECOVERY = { timeoutMs: 20_000, intervalMs: 50 };

function states(news: RedisNews[]): string[] {
  return news.map(({ state }) => state);
}

/** How long it took until the command was refused, in milliseconds. */
async function refusedAfter(command: Promise<unknown>): Promise<number> {
  const since = performance.now();
  await assert.rejects(command);
  return performance.now() - since;
}

describe("a client of one Redis", () => {
  it("connects when it is first used, with password and database of the URL", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis, news } = redisClient(t, `${stack.redis.url}/3`);
    assert.equal(redis.status, "wait");
    await redis.set("name", "三");
    assert.equal(await redisClient(t, `${stack.redis.url}/3`).redis.get("name"), "三");
    assert.equal(await redisClient(t, stack.redis.url).redis.get("name"), null);
    assert.deepEqual(news, []);
  });

  it("says why it is refused, but not with what password", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis, news } = redisClient(t, stack.redis.url.replace(/:[^:@]+@/, ":not-the-word@"));
    assert.ok((await refusedAfter(redis.get("a"))) < SOON_MS);
    await waitFor(() => news.length > 0);
    assert.match(JSON.stringify(news[0]), /WRONGPASS/);
    assert.doesNotMatch(JSON.stringify(news), /not-the-word/);
  });

  it("refuses commands soon while there is no server, tells of it once, and works when there is one", async (t) => {
    const stack = await startStack(t, { redis: true });
    await stack.redis.stop();
    const { redis, news } = redisClient(t, stack.redis.url);
    for (let i = 0; i < 3; i++) assert.ok((await refusedAfter(redis.get("a"))) < SOON_MS);
    assert.deepEqual(states(news), ["lost"]);
    await stack.redis.start();
    await waitFor(() => redis.get("a").then(() => true), RECOVERY);
    assert.deepEqual(states(news), ["lost", "back"]);
  });

  it("comes back by itself when the server was killed and started again, many times", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis, news } = redisClient(t, stack.redis.url);
    for (let round = 1; round <= 3; round++) {
      await waitFor(() => redis.set("round", round).then(() => true), RECOVERY);
      const asked = Promise.allSettled(Array.from({ length: 100 }, () => redis.incr("count")));
      await stack.redis.kill();
      await asked;
      await stack.redis.start();
      await waitFor(async () => (await redis.get("round")) === `${round}`, RECOVERY);
    }
    await waitFor(() => states(news).at(-1) === "back");
    assert.equal(states(news).filter((state) => state === "back").length, 3);
  });

  it("gives up a server that no longer answers, and comes back when it does", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis, news } = redisClient(t, stack.redis.url);
    await redis.set("a", 1);
    await stack.redis.kill("SIGSTOP");
    for (let i = 0; i < 5; i++) assert.ok((await refusedAfter(redis.get("a"))) < SOON_MS);
    await waitFor(() => states(news).includes("lost"), RECOVERY);
    await stack.redis.kill("SIGCONT");
    await waitFor(async () => (await redis.get("a")) === "1", RECOVERY);
  });

  it("leaves a server that has become a replica, for the one that its name leads to then", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis } = redisClient(t, stack.redis.url);
    const operator = redisClient(t, stack.redis.url).redis as Redis;
    await redis.set("a", 1);
    const connection = await redis.client("ID");
    await operator.replicaof("127.0.0.1", `${await freePort(new Set())}`);
    await assert.rejects(redis.set("a", 2), /READONLY/);
    await waitFor(async () => (await redis.client("ID")) !== connection, RECOVERY);
    await operator.replicaof("NO", "ONE");
    await waitFor(() => redis.set("a", 3).then(() => true), RECOVERY);
  });

  it("sends what is asked for in one turn together", async (t) => {
    const stack = await startStack(t, { redis: true });
    const { redis } = redisClient(t, stack.redis.url);
    const reads = async () =>
      Number(/total_reads_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
    const before = await reads();
    await Promise.all(Array.from({ length: 200 }, (_, i) => redis.set(`key ${i}`, i)));
    assert.ok((await reads()) - before < 20);
  });

  it("lets the process end when it is closed, in whatever state it is", async (t) => {
    const stack = await startStack(t, { redis: true });
    const nobody = `redis://127.0.0.1:${await freePort(new Set())}`;
    const program = `
      const { openRedis, closeRedis } = await import(process.env.MODULE);
      const unused = openRedis(process.env.NOBODY);
      const refused = openRedis(process.env.NOBODY);
      const connecting = openRedis(process.env.REDIS_URL);
      const used = openRedis(process.env.REDIS_URL);
      await refused.get("a").catch(() => {});
      void connecting.get("a").catch(() => {});
      await used.get("a");
      await Promise.all([unused, refused, connecting, used].map(closeRedis));
      await closeRedis(used);
      console.log("closed");`;
    const { ended, output } = await startProcess(t, {
      command: process.execPath,
      args: ["--input-type=module", "--eval", program],
      env: {
        MODULE: new URL("../../lib/redis/connect.ts", import.meta.url).href,
        NOBODY: nobody,
        REDIS_URL: stack.redis.url,
      },
    });
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.equal(output(), "closed\n");
  });

  it("refuses every command once it is closed", async (t) => {
    const stack = await startStack(t, { redis: true });
    const redis = openRedis(stack.redis.url);
    await redis.get("a");
    await closeRedis(redis);
    await assert.rejects(redis.get("a"), /Connection is closed/);
  });
});
