import assert from "node:assert/strict";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { FileConfigStore } from "../../services/config/file-config-store.ts";
import { configStoreContract } from "../contract/config-store.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

configStoreContract("a file, written in place", async (t) => {
  const folder = await tempDir(t);
  return {
    store: () => new FileConfigStore(folder),
    write: (text) => writeFile(join(folder, "config.json"), text),
  };
});

configStoreContract("a file, replaced as editors do", async (t) => {
  const folder = await tempDir(t);
  return {
    store: () => new FileConfigStore(folder),
    write: async (text) => {
      await writeFile(join(folder, "config.json~"), text);
      await rename(join(folder, "config.json~"), join(folder, "config.json"));
    },
  };
});

async function fileStore(t: TestContext) {
  const folder = await tempDir(t);
  const store = new FileConfigStore(folder);
  cleanUp(t, () => store.close());
  return { folder, file: join(folder, "config.json"), store };
}

it("a file store leaves no other files behind, whether a save wins or loses", async (t) => {
  const { folder, store } = await fileStore(t);
  await store.save("a", 0);
  await assert.rejects(store.save("b", 0));
  assert.deepEqual(await readdir(folder), ["config.json"]);
});

it("a file store names the reason when its file cannot be read", async (t) => {
  const { file, store } = await fileStore(t);
  await writeFile(file, Buffer.alloc(16 * 1024 * 1024 + 1, " "));
  await assert.rejects(store.load(), /config\.json has more than 16777216 bytes/);
});

it("a file store does not tell of a file that is still being written", async (t) => {
  const { file, store } = await fileStore(t);
  await writeFile(file, "");
  await store.load();
  let texts: (string | null)[] = [];
  store.watch(async () => {
    texts = [...texts, (await store.load()).text];
  });
  const until = performance.now() + 1000;
  let text = "";
  while (performance.now() < until) {
    text = text.length < 1000 ? `${text}x` : "";
    await writeFile(file, text);
  }
  assert.deepEqual(texts, []);
  await waitFor(() => texts.length > 0, { message: "the last text to be told" });
  assert.deepEqual(texts, [text]);
});
