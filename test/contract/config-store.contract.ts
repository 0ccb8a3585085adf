import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { ConfigConflict, type ConfigStore } from "../../services/config/config-store.ts";
import { cleanUp } from "../support/cleanup.ts";
import { waitFor } from "../support/wait-for.ts";

/** One place where a configuration is kept, empty at first, seen through several stores. */
export interface ConfigPlace {
  store(): ConfigStore;
  /** Changes the text behind the stores' backs, as an operator with another tool would. */
  write(text: string): Promise<void>;
}

/** What every ConfigStore has to do. */
export function configStoreContract(
  name: string,
  makePlace: (t: TestContext) => Promise<ConfigPlace>,
): void {
  async function open(t: TestContext) {
    const place = await makePlace(t);
    const store = () => {
      const made = place.store();
      cleanUp(t, () => made.close());
      return made;
    };
    return { store, write: place.write };
  }

  describe(`a configuration store: ${name}`, () => {
    it("has no text and revision 0 before anything was stored", async (t) => {
      const { store } = await open(t);
      assert.deepEqual(await store().load(), { text: null, revision: 0 });
    });

    it("gives back what was saved, also to another reader", async (t) => {
      const { store } = await open(t);
      const revision = await store().save('{"words":"弹幕🎉"}', 0);
      assert.deepEqual(await store().load(), { text: '{"words":"弹幕🎉"}', revision });
      assert.ok(Number.isSafeInteger(revision) && revision > 0, String(revision));
    });

    it("keeps a text of several hundred kilobytes whole", async (t) => {
      const { store } = await open(t);
      const text = "字".repeat(150_000);
      const first = store();
      await first.save(text, 0);
      assert.equal((await first.load()).text, text);
    });

    it("gives another revision for another text", async (t) => {
      const { store } = await open(t);
      const first = store();
      const before = await first.save("a", 0);
      const after = await first.save("b", before);
      assert.notEqual(after, before);
      assert.equal((await first.load()).revision, after);
    });

    it("refuses to save over a text that someone else wrote meanwhile", async (t) => {
      const { store } = await open(t);
      const mine = store();
      const revision = await mine.save("a", 0);
      await store().save("theirs", revision);
      await assert.rejects(mine.save("mine", revision), ConfigConflict);
      assert.equal((await mine.load()).text, "theirs");
    });

    it("refuses to create what exists already", async (t) => {
      const { store } = await open(t);
      await store().save("a", 0);
      await assert.rejects(store().save("b", 0), ConfigConflict);
    });

    it("lets exactly one of many writers of the same revision win", async (t) => {
      const { store } = await open(t);
      const writers = Array.from({ length: 10 }, (_, i) => ({ text: `text ${i}`, made: store() }));
      const results = await Promise.allSettled(writers.map((w) => w.made.save(w.text, 0)));
      const won = writers.filter((_, i) => results[i]?.status === "fulfilled");
      assert.equal(won.length, 1);
      assert.equal((await store().load()).text, won[0]?.text);
    });

    it("notices what was written behind its back when it saves", async (t) => {
      const { store, write } = await open(t);
      const mine = store();
      const revision = await mine.save("a", 0);
      await write("by hand");
      await assert.rejects(mine.save("mine", revision), ConfigConflict);
    });

    it("tells a watcher of a change by another store", async (t) => {
      const { store } = await open(t);
      const watcher = store();
      const seen = await follow(watcher);
      await store().save("a", 0);
      await waitFor(() => seen.at(-1) === "a", { message: "the change to be told" });
    });

    it("tells a watcher of each change that somebody makes by hand", async (t) => {
      const { store, write } = await open(t);
      await write("a");
      const seen = await follow(store());
      for (const text of ["b", "c", "a"]) {
        await write(text);
        await waitFor(() => seen.at(-1) === text, { message: `"${text}" to be told` });
      }
    });

    it("tells a watcher of a change between its load and its watch", async (t) => {
      const { store, write } = await open(t);
      const late = store();
      await late.load();
      await write("a");
      let told = false;
      late.watch(() => {
        told = true;
      });
      await waitFor(() => told, { message: "the change to be told" });
    });

    it("tells nothing after it was closed", async (t) => {
      const { store, write } = await open(t);
      const closed = store();
      const seen = await follow(closed);
      await closed.close();
      const witness = await follow(store());
      await write("a");
      await waitFor(() => witness.at(-1) === "a", { message: "the other store to tell" });
      assert.deepEqual(seen, [null]);
    });
  });
}

/** The texts that a store held at first and whenever it told of a change. */
async function follow(store: ConfigStore): Promise<(string | null)[]> {
  const seen = [(await store.load()).text];
  store.watch(async () => {
    seen.push((await store.load()).text);
  });
  return seen;
}
