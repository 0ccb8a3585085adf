import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import { allOf, bytesOf, sha256Of } from "../support/byte-source.ts";

/** Several parts of an S3 upload, the last one short. */
const LARGE = 12 * 1024 * 1024 + 12_345;

export interface StoreAtHand {
  store: ObjectStore;
  /** What is left of writes that did not end. */
  unfinished(): Promise<string[]>;
}

/** What a store of objects has to do. `open` answers an empty one. */
export function objectStoreContract(
  name: string,
  open: (t: TestContext) => Promise<StoreAtHand>,
): void {
  const textIn = async (store: ObjectStore, key: string) =>
    `${await allOf((await store.get(key))?.stream ?? emptied())}`;

  describe(`a store of objects: ${name}`, () => {
    it("gives back what was put, and knows its size and SHA-256", async (t) => {
      const { store, unfinished } = await open(t);
      for (const [key, size] of [
        ["video/large.mp4", LARGE],
        ["image/small.webp", 10],
        ["image/empty.webp", 0],
      ] as const) {
        const expected = await allOf(bytesOf(size));
        const stored = await store.put(key, bytesOf(size));
        assert.deepEqual(stored, { size, sha256: sha256Of(expected) });
        const content = await store.get(key);
        assert.equal(content?.size, size);
        assert.ok(expected.equals(await allOf(content.stream)), key);
      }
      assert.deepEqual(await unfinished(), []);
    });

    it("is through with a piece when it asks for the next one", async (t) => {
      const { store } = await open(t);
      const expected = await allOf(bytesOf(LARGE));
      async function* reusing(): AsyncGenerator<Uint8Array> {
        const memory = Buffer.alloc(100_000);
        for (let from = 0; from < LARGE; from += memory.length)
          yield memory.subarray(0, expected.copy(memory, 0, from));
      }
      const { sha256 } = await store.put("video/a.mp4", reusing());
      assert.equal(sha256, sha256Of(expected));
      const content = await store.get("video/a.mp4");
      assert.ok(expected.equals(await allOf(content?.stream ?? emptied())));
    });

    it("tells the facts of an object without its content", async (t) => {
      const { store } = await open(t);
      const before = Date.now();
      await store.put("cover/a.jpg", text("hello"));
      const facts = await store.head("cover/a.jpg");
      const content = await store.get("cover/a.jpg");
      assert.equal(facts?.size, 5);
      assert.equal(facts.contentType, "image/jpeg");
      assert.match(facts.etag, /^"[^"\s]+"$/);
      assert.ok(Math.abs(facts.modifiedMs - before) < 60_000);
      const { stream, ...same } = content ?? assert.fail("it is there");
      assert.deepEqual(same, facts);
      stream.destroy();
    });

    it("has nothing under a key that nobody put", async (t) => {
      const { store } = await open(t);
      assert.equal(await store.get("video/none.mp4"), null);
      assert.equal(await store.get("video/none.mp4", { start: 0, end: 1 }), null);
      assert.equal(await store.head("video/none.mp4"), null);
      assert.equal(await store.move("video/none.mp4", "video/other.mp4"), false);
      await store.remove("video/none.mp4");
    });

    it("gives any part of an object", async (t) => {
      const { store } = await open(t);
      await store.put("video/a.mp4", text("0123456789"));
      for (const [start, end, expected] of [
        [0, 0, "0"],
        [0, 3, "0123"],
        [7, 9, "789"],
        [9, 9, "9"],
        [4, 1_000, "456789"],
        [4, Number.POSITIVE_INFINITY, "456789"],
      ] as const) {
        const content = await store.get("video/a.mp4", { start, end });
        assert.equal(content?.size, 10, "the size of the whole");
        assert.equal(`${await allOf(content.stream)}`, expected);
      }
    });

    it("refuses a range that begins beyond the end", async (t) => {
      const { store } = await open(t);
      await store.put("video/a.mp4", text("0123456789"));
      await assert.rejects(store.get("video/a.mp4", { start: 10, end: 11 }), RangeError);
    });

    it("replaces an object, which then has another tag", async (t) => {
      const { store } = await open(t);
      await store.put("image/a.webp", text("one"));
      const first = await store.head("image/a.webp");
      await store.put("image/a.webp", text("two!"));
      const second = await store.head("image/a.webp");
      assert.equal(await textIn(store, "image/a.webp"), "two!");
      assert.notEqual(second?.etag, first?.etag);
    });

    it("keeps nothing of a source that fails, whatever its size", async (t) => {
      const { store, unfinished } = await open(t);
      for (const size of [0, 100, LARGE]) {
        async function* failing(): AsyncGenerator<Uint8Array> {
          yield* bytesOf(size);
          throw new TypeError("the sender is gone");
        }
        await assert.rejects(store.put("video/cut.mp4", failing()), {
          name: "TypeError",
          message: "the sender is gone",
        });
      }
      assert.equal(await store.head("video/cut.mp4"), null);
      assert.deepEqual(await unfinished(), []);
      assert.deepEqual(await keysIn(store, ""), []);
    });

    it("leaves an object as it was when a write over it fails", async (t) => {
      const { store } = await open(t);
      await store.put("image/a.webp", text("before"));
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("after");
        throw new TypeError("no");
      }
      await assert.rejects(store.put("image/a.webp", failing()), TypeError);
      assert.equal(await textIn(store, "image/a.webp"), "before");
    });

    it("moves an object, whose type then goes by its new key", async (t) => {
      const { store } = await open(t);
      await store.put("incoming/1", text("a film"));
      await store.put("video/a.mp4", text("an older film"));
      assert.equal((await store.head("incoming/1"))?.contentType, "application/octet-stream");
      assert.equal(await store.move("incoming/1", "video/a.mp4"), true);
      assert.equal(await store.head("incoming/1"), null);
      assert.equal(await textIn(store, "video/a.mp4"), "a film");
      assert.equal((await store.head("video/a.mp4"))?.contentType, "video/mp4");
    });

    it("removes an object for good, once or twice", async (t) => {
      const { store } = await open(t);
      await store.put("image/a.webp", text("x"));
      await store.remove("image/a.webp");
      await store.remove("image/a.webp");
      assert.equal(await store.head("image/a.webp"), null);
    });

    it("lists what is in a folder and below it", async (t) => {
      const { store } = await open(t);
      const keys = ["incoming/1", "incoming/2", "video/a.mp4", "replay/7/index.m3u8"];
      for (const key of keys) await store.put(key, text(key));
      assert.deepEqual(await keysIn(store, ""), [...keys].sort());
      assert.deepEqual(await keysIn(store, "incoming/"), ["incoming/1", "incoming/2"]);
      assert.deepEqual(await keysIn(store, "replay/"), ["replay/7/index.m3u8"]);
      assert.deepEqual(await keysIn(store, "nothing/"), []);
      for await (const { key, size, modifiedMs } of store.list("video/")) {
        assert.equal(size, key.length);
        assert.ok(Math.abs(modifiedMs - Date.now()) < 60_000);
      }
    });

    it("refuses what is not a key or a folder, in every call", async (t) => {
      const { store } = await open(t);
      for (const key of NOT_KEYS) {
        await assert.rejects(store.put(key, text("x")), RangeError, key);
        await assert.rejects(store.get(key), RangeError, key);
        await assert.rejects(store.head(key), RangeError, key);
        await assert.rejects(store.remove(key), RangeError, key);
        await assert.rejects(store.move(key, "a/b"), RangeError, key);
        await assert.rejects(store.move("a/b", key), RangeError, key);
        assert.throws(() => store.localPath(key), RangeError, key);
      }
      for (const folder of ["incoming", "/", "../", "a/../", ".unfinished/", "A/"])
        await assert.rejects(keysIn(store, folder), RangeError, folder);
    });

    it("lets several write and read at the same time", async (t) => {
      const { store } = await open(t);
      const names = Array.from({ length: 8 }, (_, i) => `video/${i}.mp4`);
      await Promise.all(names.map((key, i) => store.put(key, bytesOf(200_000, i + 1))));
      const hashes = await Promise.all(
        names.map(async (key) =>
          sha256Of(await allOf((await store.get(key))?.stream ?? emptied())),
        ),
      );
      for (const [i, hash] of hashes.entries())
        assert.equal(hash, sha256Of(await allOf(bytesOf(200_000, i + 1))));
    });
  });
}

/** Ways out of the folder, or into what the store keeps for itself. */
const NOT_KEYS = [
  "",
  "a",
  "/a/b",
  "a//b",
  "a/",
  "../a",
  "a/../b",
  "a/..",
  "a/.",
  "./a",
  "a/b/../../../c",
  ".unfinished/a",
  "a/.hidden",
  "a/b\0",
  "a/b\n",
  "a\\b/c",
  "a/b.mp4.",
  "a/b.tar.gz",
  "a/%2e%2e",
  "A/B",
  "a/弹幕",
  "a/b c",
  `a/${"b".repeat(200)}`,
];

async function keysIn(store: ObjectStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder)) keys.push(key);
  return keys.sort();
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

async function* emptied(): AsyncGenerator<Uint8Array> {}
