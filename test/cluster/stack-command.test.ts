import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { cleanUp } from "../support/cleanup.ts";
import { isAlive } from "../support/is-alive.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const STACK = join(import.meta.dirname, "..", "..", "scripts", "stack.ts");

interface StartedCommand {
  process: StartedProcess;
  env: Record<string, string>;
  folder: string;
  /** Of the servers. */
  pids: number[];
}

/** Runs what `npm run stack` runs, until the stack is up. */
async function runStack(t: TestContext, args: readonly string[] = []): Promise<StartedCommand> {
  const started = await startProcess(t, {
    command: process.execPath,
    args: [STACK, ...args],
    env: { SYSTEM_PACKAGES: "off", TMPDIR: await tempDir(t) },
    ready: /Ctrl-C stops it/,
    timeoutMs: 60_000,
  });
  const output = started.output();
  const all = (pattern: RegExp) => Array.from(output.matchAll(pattern), ([, value = ""]) => value);
  return {
    process: started,
    env: Object.fromEntries(
      Array.from(output.matchAll(/^([A-Z_]+)=(.*)$/gm), ([, k, v]) => [k, v]),
    ),
    folder: all(/^Starting the stack in (\S+)/gm)[0] ?? "",
    pids: all(/process (\d+)/g).map(Number),
  };
}

async function ask<T>(t: TestContext, url: string, question: (redis: Redis) => Promise<T>) {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on("error", () => {});
  cleanUp(t, () => redis.disconnect());
  return question(redis);
}

test("Ctrl-C leaves no process and no folder", async (t) => {
  const { process, folder, pids, env } = await runStack(t);
  assert.equal(pids.length, 4);
  assert.ok(existsSync(folder) && pids.every(isAlive));
  assert.match(env.DATABASE_URL ?? "", /^mysql:\/\/molimoli:[\w-]+@127\.0\.0\.1:\d+\/molimoli$/);
  assert.equal(await ask(t, env.REDIS_URL ?? "", (redis) => redis.ping()), "PONG");

  assert.deepEqual(await process.stop("SIGINT"), { code: 0, signal: null });
  assert.deepEqual(pids.filter(isAlive), []);
  assert.equal(existsSync(folder), false);
});

test("even a kill -9 leaves no process and no folder", async (t) => {
  const { process, folder, pids } = await runStack(t, ["--only", "redis,nats"]);
  await process.stop("SIGKILL");
  await waitFor(() => !pids.some(isAlive) && !existsSync(folder));
});

test("when a server dies the stack says which and how, and stops the others", async (t) => {
  const { process: stack, folder, pids } = await runStack(t, ["--only", "redis,nats"]);
  const redis = Number(/Redis: port \d+, process (\d+)/.exec(stack.output())?.[1]);
  process.kill(redis, "SIGTERM");
  assert.deepEqual(await stack.ended, { code: 1, signal: null });
  assert.match(
    stack.output(),
    new RegExp(
      `molimoli: Redis \\(process ${redis}\\) ended unexpectedly: exit code 0; it said last:\n.*Received SIGTERM`,
      "s",
    ),
  );
  assert.deepEqual(pids.filter(isAlive), []);
  assert.equal(existsSync(folder), false);
});

test("a folder that is kept brings back data, ports and passwords", async (t) => {
  const keep = join(await tempDir(t), "kept");
  const args = ["--only", "redis", "--keep", keep];
  const before = await runStack(t, args);
  await ask(t, before.env.REDIS_URL ?? "", (redis) => redis.set("viewers", "3"));
  await before.process.stop("SIGINT");
  const after = await runStack(t, args);
  assert.deepEqual(after.env, before.env);
  assert.equal(await ask(t, after.env.REDIS_URL ?? "", (redis) => redis.get("viewers")), "3");
});

test("a folder in use is refused in one sentence", async (t) => {
  const keep = join(await tempDir(t), "kept");
  const args = ["--only", "redis", "--keep", keep];
  await runStack(t, args);
  const second = await startProcess(t, { command: process.execPath, args: [STACK, ...args] });
  assert.deepEqual(await second.ended, { code: 1, signal: null });
  assert.match(
    second.output(),
    /^molimoli: port \d+, which redis in \S+ had before, is taken; does another stack run there\?\n$/,
  );
});

test("a missing program is one sentence that says how to get it", async (t) => {
  const stack = await startProcess(t, {
    command: process.execPath,
    args: [STACK, "--only", "redis,etcd"],
    env: { SYSTEM_PACKAGES: "off", PATH: await tempDir(t) },
  });
  assert.deepEqual(await stack.ended, { code: 1, signal: null });
  assert.equal(
    stack.output(),
    "molimoli: a cluster and its tests need redis-server and etcd-server, which are not installed: " +
      'get them with "apt-get install redis-server etcd-server" or your system\'s package manager.\n',
  );
});
