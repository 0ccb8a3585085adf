import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { CacheBackend } from "../../lib/cache/cache-backend.ts";
import { waitFor } from "../support/wait-for.ts";

/** What a cache has to do, wherever it is kept. */
export function cacheBackendContract(
  name: string,
  open: (t: TestContext) => Promise<CacheBackend>,
): void {
  describe(`a cache: ${name}`, () => {
    it("answers what is there, as it was", async (t) => {
      const cache = await open(t);
      const values = new Map<string, unknown>([
        ["a:1", 0],
        ["a:2", { given: 2 ** 53 - 1, name: "名字" }],
        ["a:3", ""],
      ]);
      await cache.set(values, 60_000);
      assert.deepEqual(await cache.get(["a:3", "a:4", "a:1", "a:2"]), values);
      assert.deepEqual(await cache.get([]), new Map());
    });

    it("forgets what is deleted, and nothing else", async (t) => {
      const cache = await open(t);
      await cache.set(
        new Map([
          ["a:1", 1],
          ["a:2", 2],
        ]),
        60_000,
      );
      await cache.delete(["a:1", "a:9"]);
      await cache.delete([]);
      assert.deepEqual(await cache.get(["a:1", "a:2"]), new Map([["a:2", 2]]));
    });

    it("replaces a value, and forgets it when its time is over", async (t) => {
      const cache = await open(t);
      await cache.set(new Map([["a:1", 1]]), 60_000);
      await cache.set(new Map([["a:1", 2]]), 60_000);
      assert.deepEqual(await cache.get(["a:1"]), new Map([["a:1", 2]]));
      await cache.set(new Map([["a:1", 3]]), 30);
      await waitFor(async () => (await cache.get(["a:1"])).size === 0);
    });
  });
}
