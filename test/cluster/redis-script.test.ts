import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import type { Redis } from "ioredis";
import { openRedis } from "../../lib/redis/connect.ts";
import { defineScript } from "../../lib/redis/script.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const { redis: server } = await startStack({ after }, { redis: true });
const PUSH = "return redis.call('RPUSH', KEYS[1], ARGV[1])";

function clientOf(t: TestContext): Redis {
  const client = openRedis(server.url) as Redis;
  t.after(() => client.disconnect());
  return client;
}

/** How often the server was sent each of these commands. */
async function calls(client: Redis): Promise<{ eval: number; evalsha: number }> {
  const stats = await client.info("commandstats");
  const count = (name: string) =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { eval: count("eval"), evalsha: count("evalsha") };
}

test("a script travels once, and is called by its hash after that", async (t) => {
  const client = clientOf(t);
  const push = defineScript<number>(client, 1, PUSH);
  const before = await calls(client);
  for (let i = 1; i <= 20; i++) assert.equal(await push("once", i), i);
  const after = await calls(client);
  assert.deepEqual([after.eval - before.eval, after.evalsha - before.evalsha], [1, 19]);
  assert.deepEqual(
    await client.lrange("once", 0, -1),
    Array.from({ length: 20 }, (_, i) => String(i + 1)),
  );
});

test("calls that do not wait for the first one are carried out in their order", async (t) => {
  const client = clientOf(t);
  const push = defineScript<number>(client, 1, PUSH);
  const numbers = Array.from({ length: 200 }, (_, i) => i);
  await Promise.all(numbers.map((number) => push("order", number)));
  assert.deepEqual(await client.lrange("order", 0, -1), numbers.map(String));
});

test("a server that has forgotten a script is told again", async (t) => {
  const client = clientOf(t);
  const push = defineScript<number>(client, 1, PUSH);
  assert.equal(await push("flushed", "a"), 1);
  await client.script("FLUSH");
  assert.equal(await push("flushed", "b"), 2);
  await server.kill();
  await server.start();
  await waitFor(() => client.ping().catch(() => ""), { timeoutMs: 20_000 });
  const length = await push("flushed", "c");
  assert.deepEqual(await client.lrange("flushed", length - 1, -1), ["c"]);
});

test("what goes wrong in a script is told to who called it", async (t) => {
  const client = clientOf(t);
  const fail = defineScript(client, 0, "return redis.error_reply('SORRY no')");
  await assert.rejects(fail(), /SORRY no/);
  await assert.rejects(fail(), /SORRY no/);
});
