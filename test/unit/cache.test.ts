import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CacheBackend } from "../../lib/cache/cache-backend.ts";
import { createFleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { createMemoryCache } from "../../lib/cache/memory-cache.ts";
import { cacheBackendContract } from "../contract/cache-backend.contract.ts";

cacheBackendContract("memory", async () => createMemoryCache({ max: 100 }));

describe("a cache in memory", () => {
  it("is bounded", async () => {
    const cache = createMemoryCache({ max: 3 });
    await cache.set(new Map([1, 2, 3, 4, 5].map((n) => [`k${n}`, n])), 60_000);
    const found = await cache.get(["k1", "k2", "k3", "k4", "k5"]);
    assert.deepEqual([...found.values()], [3, 4, 5]);
  });
});

describe("a fleeting cache", () => {
  function cached(backend: CacheBackend | null, now = () => 0) {
    return createFleetingCache<number>({
      backend: () => backend,
      prefix: "likes",
      ttlMs: 1_000,
      now,
    });
  }

  it("finds what was kept, and says what is missing", async () => {
    const cache = cached(createMemoryCache({ max: 10 }));
    const first = await cache.lookUp([1, 2]);
    assert.deepEqual([first.found.size, first.missing], [0, [1, 2]]);
    first.keep(new Map([[1, 0]]));
    const second = await cache.lookUp([2, 1]);
    assert.deepEqual([[...second.found], second.missing], [[[1, 0]], [2]]);
  });

  it("shares a backend with others without confusion", async () => {
    const backend = createMemoryCache({ max: 10 });
    const options = { backend: () => backend, ttlMs: 1_000 };
    const likes = createFleetingCache<number>({ ...options, prefix: "likes" });
    const comments = createFleetingCache<number>({ ...options, prefix: "comments" });
    (await likes.lookUp([1])).keep(new Map([[1, 5]]));
    assert.deepEqual((await comments.lookUp([1])).missing, [1]);
  });

  it("forgets after a change", async () => {
    const cache = cached(createMemoryCache({ max: 10 }));
    (await cache.lookUp([1, 2])).keep(
      new Map([
        [1, 10],
        [2, 20],
      ]),
    );
    await cache.forget([1]);
    const { found, missing } = await cache.lookUp([1, 2]);
    assert.deepEqual([[...found], missing], [[[2, 20]], [1]]);
  });

  it("keeps nothing that was being loaded while it changed", async () => {
    const cache = cached(createMemoryCache({ max: 10 }));
    const old = await cache.lookUp([1, 2]);
    await cache.forget([1]);
    old.keep(
      new Map([
        [1, 10],
        [2, 20],
      ]),
    );
    const { found, missing, keep } = await cache.lookUp([1, 2]);
    assert.deepEqual([[...found], missing], [[[2, 20]], [1]]);
    keep(new Map([[1, 11]]));
    assert.equal((await cache.lookUp([1])).found.get(1), 11);
  });

  it("does without a backend", async () => {
    const cache = cached(null);
    (await cache.lookUp([1])).keep(new Map([[1, 10]]));
    await cache.forget([1]);
    assert.deepEqual((await cache.lookUp([1])).missing, [1]);
  });

  for (const [how, fail] of [
    ["fails", () => Promise.reject(new Error("no"))],
    ["never answers", () => new Promise<never>(() => {})],
  ] as const)
    it(`does for a while without a backend that ${how}`, async () => {
      let time = 0;
      let asked = 0;
      let broken = true;
      const memory = createMemoryCache({ max: 10, now: () => time });
      const through = <A extends unknown[], R>(method: (...args: A) => Promise<R>) => {
        return (...args: A): Promise<R> => {
          asked += 1;
          return broken ? fail() : method(...args);
        };
      };
      const backend = {
        get: through(memory.get),
        set: through(memory.set),
        delete: through(memory.delete),
      };
      const cache = cached(backend, () => time);
      assert.deepEqual((await cache.lookUp([1])).missing, [1]);
      assert.equal(asked, 1);
      (await cache.lookUp([1])).keep(new Map([[1, 10]]));
      await cache.forget([1]);
      assert.equal(asked, 1, "it is left alone");
      broken = false;
      time = 1_001;
      (await cache.lookUp([1])).keep(new Map([[1, 10]]));
      assert.equal((await cache.lookUp([1])).found.get(1), 10);
    });
});
