import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, type TestContext, test } from "node:test";
import type { Redis } from "ioredis";
import { openRedis } from "../../lib/redis/connect.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const { redis: server } = await startStack({ after }, { redis: true });

/** A client, and how often its present connection has handed something to the operating system. */
async function counting(t: TestContext) {
  const client = openRedis(server.url) as Redis;
  t.after(() => client.disconnect());
  await client.ping();
  const { stream } = client as unknown as { stream: Socket };
  let writes = 0;
  for (const name of ["_write", "_writev"] as const) {
    const original = stream[name]?.bind(stream) as (...args: unknown[]) => void;
    stream[name] = (...args: unknown[]) => {
      writes++;
      original(...args);
    };
  }
  return { client, writes: () => writes };
}

test("commands of one turn of the event loop are written once, and carried out in order", async (t) => {
  const { client, writes } = await counting(t);
  const numbers = Array.from({ length: 50 }, (_, i) => String(i));
  await new Promise(setImmediate);
  const before = writes();
  const answers = await Promise.all(
    numbers.map(async (number) => {
      await null;
      return client.rpush("gathered", number);
    }),
  );
  assert.equal(writes() - before, 1);
  assert.deepEqual(answers.map(String), [...numbers.slice(1), "50"]);
  assert.deepEqual(await client.lrange("gathered", 0, -1), numbers);
});

test("a client that comes back still writes", async (t) => {
  const { client } = await counting(t);
  await server.kill();
  await server.start();
  await waitFor(() => client.ping().catch(() => ""), { timeoutMs: 20_000 });
  assert.deepEqual(await Promise.all([client.set("a", "1"), client.get("a")]), ["OK", "1"]);
});
