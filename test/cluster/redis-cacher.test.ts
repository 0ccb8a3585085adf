import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";

const { redis } = await startStack({ after }, { redis: true });

describe("the cache of nodes that share a Redis", () => {
  const env = { REDIS_URL: redis.url };

  it("is one cache", async (t) => {
    const a = await startNode(t, { services: [], env });
    const b = await startNode(t, { services: [], env });
    await a.cacher?.set("one", { count: 5 }, 60);
    assert.deepEqual(await b.cacher?.get("one"), { count: 5 });
    await b.cacher?.del(["one"]);
    assert.equal((await a.cacher?.get("one")) ?? null, null);
  });

  it("does not show the password of Redis to other nodes", async (t) => {
    const secret = redis.url.match(/:([^:@/]+)@/)?.[1] as string;
    assert.ok(secret.length > 8);
    const node = await startNode(t, { services: [], env });
    assert.ok(!JSON.stringify(await node.call("$node.options")).includes(secret));
  });
});

it("a node that shares nothing keeps its cache to itself", async (t) => {
  const a = await startNode(t, { services: [] });
  const b = await startNode(t, { services: [] });
  await a.cacher?.set("one", 5, 60);
  assert.equal(await a.cacher?.get("one"), 5);
  assert.equal((await b.cacher?.get("one")) ?? null, null);
});
