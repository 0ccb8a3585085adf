import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { HashGate } from "../../services/user/hash-gate.ts";

/** A gate with a clock that stands still until it is moved, and work that ends when it is told. */
function setup({ atOnce = 2, waiting = 3, patienceMs = 5_000 } = {}) {
  let time = 1_000;
  const gate = new HashGate({ atOnce, waiting, patienceMs, now: () => time });
  const running: { name: string; end: () => void; fail: (error: Error) => void }[] = [];
  const work = (name: string) =>
    gate.run(
      () =>
        new Promise<string>((done, failed) => {
          running.push({ name, end: () => done(name), fail: failed });
        }),
    );
  return {
    work,
    running,
    names: () => running.map(({ name }) => name),
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe("hash gate", () => {
  it("runs only so many at once", async () => {
    const { work, names } = setup({ atOnce: 2 });
    for (const name of ["a", "b", "c", "d"]) void work(name);
    await turn();
    assert.deepEqual(names(), ["a", "b"]);
  });

  it("lets the next one in when one ends, in order of arrival", async () => {
    const { work, running, names } = setup({ atOnce: 1 });
    const first = work("a");
    void work("b");
    void work("c");
    running[0]?.end();
    assert.equal(await first, "a");
    await turn();
    assert.deepEqual(names(), ["a", "b"]);
    running[1]?.end();
    await turn();
    assert.deepEqual(names(), ["a", "b", "c"]);
  });

  it("passes a failure on and frees the place", async () => {
    const { work, running, names } = setup({ atOnce: 1 });
    const first = work("a");
    void work("b");
    running[0]?.fail(new Error("broken"));
    await assert.rejects(first, /broken/);
    await turn();
    assert.deepEqual(names(), ["a", "b"]);
  });

  it("gives all places back once everybody is done", async () => {
    const { work, running, names } = setup({ atOnce: 1 });
    for (const [index, name] of ["a", "b", "c"].entries()) {
      const done = work(name);
      running[index]?.end();
      await done;
    }
    assert.deepEqual(names(), ["a", "b", "c"]);
  });

  it("refuses at once when too many wait, and says when to come back", async () => {
    const { work } = setup({ atOnce: 1, waiting: 2 });
    for (const name of ["a", "b", "c"]) void work(name);
    await assert.rejects(work("d"), (error: { type: string; data: { retry_after_ms: number } }) => {
      assert.equal(error.type, "UNAVAILABLE");
      assert.ok(error.data.retry_after_ms >= 1000);
      return true;
    });
  });

  it("asks for a longer wait when hashes take longer", async () => {
    const { work, running, pass } = setup({ atOnce: 1, waiting: 1 });
    for (let round = 0; round < 50; round++) {
      const slow = work("slow");
      pass(4_000);
      running.at(-1)?.end();
      await slow;
    }
    void work("a");
    void work("b");
    await assert.rejects(work("c"), (error: { data: { retry_after_ms: number } }) => {
      assert.ok(error.data.retry_after_ms > 7_000, String(error.data.retry_after_ms));
      return true;
    });
  });

  it("does no work for somebody who has waited too long", async () => {
    const { work, running, names, pass } = setup({ atOnce: 1, patienceMs: 5_000 });
    void work("a");
    const late = work("b");
    pass(4_000);
    void work("c");
    pass(1_001);
    running[0]?.end();
    await assert.rejects(late, { type: "UNAVAILABLE" });
    await turn();
    assert.deepEqual(names(), ["a", "c"]);
  });
});
