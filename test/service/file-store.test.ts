import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FileStore } from "../../lib/object-store/file-store.ts";
import { withLocalCopy } from "../../lib/object-store/local-copy.ts";
import { objectStoreContract } from "../contract/object-store.contract.ts";
import { bytesOf } from "../support/byte-source.ts";
import { tempDir } from "../support/temp-dir.ts";

async function openFiles(t: TestContext) {
  const root = join(await tempDir(t), "objects");
  const store = new FileStore(root);
  await store.open();
  return { root, store, unfinished: () => readdir(join(root, ".unfinished")) };
}

objectStoreContract("files", openFiles);

test("neither a link nor what is behind a linked folder is an object", async (t) => {
  const { root, store } = await openFiles(t);
  const outside = await tempDir(t);
  await writeFile(join(outside, "secret"), "secret");
  await mkdir(join(root, "image"));
  await symlink(join(outside, "secret"), join(root, "image", "link"));
  await symlink(outside, join(root, "linked"));
  for (const key of ["image/link", "linked/secret"]) {
    assert.equal(await store.get(key), null, key);
    assert.equal(await store.head(key), null, key);
    assert.equal(await store.move(key, "image/stolen"), false, key);
  }
  const listed = [];
  for await (const { key } of store.list("")) listed.push(key);
  assert.deepEqual(listed, []);
});

test("nothing is written or removed behind a linked folder", async (t) => {
  const { root, store, unfinished } = await openFiles(t);
  const outside = await tempDir(t);
  await writeFile(join(outside, "mine"), "mine");
  await symlink(outside, join(root, "linked"));
  await assert.rejects(store.put("linked/mine", bytesOf(10)), { type: "UNAVAILABLE" });
  await store.remove("linked/mine");
  assert.deepEqual(await readdir(outside), ["mine"]);
  assert.deepEqual(await unfinished(), []);
});

test("a folder or a pipe of that name is not an object", async (t) => {
  const { root, store } = await openFiles(t);
  await mkdir(join(root, "image", "folder"), { recursive: true });
  assert.equal(await store.get("image/folder"), null);
  await store.put("image/file", bytesOf(1));
  assert.equal(await store.head("image/file/below"), null);
});

test("what a killed process left half written is removed when it is old enough", async (t) => {
  const { root, store, unfinished } = await openFiles(t);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await writeFile(join(root, ".unfinished", "old"), "x");
  await utimes(join(root, ".unfinished", "old"), hourAgo, hourAgo);
  await writeFile(join(root, ".unfinished", "new"), "x");
  assert.equal(await store.removeUnfinished(Date.now() - 60_000), 1);
  assert.deepEqual(await unfinished(), ["new"]);
});

test("a folder that cannot be written is said at the start", async (t) => {
  const file = join(await tempDir(t), "file");
  await writeFile(file, "");
  await assert.rejects(new FileStore(join(file, "objects")).open(), /cannot be written \(E/);
});

test("a program reads a file of the store itself", async (t) => {
  const { store } = await openFiles(t);
  await store.put("video/a.mp4", bytesOf(10));
  const path = await withLocalCopy(store, "video/a.mp4", async (path) => path);
  assert.equal(path, store.localPath("video/a.mp4"));
  assert.ok(existsSync(path));
  assert.equal(await withLocalCopy(store, "video/none.mp4", async (path) => path), null);
});
