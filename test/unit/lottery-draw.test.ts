import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { DrawThread } from "../../services/lottery/draw.ts";
import { type DrawOrder, drawAmong } from "../../services/lottery/fairness.ts";
import { KEPT_ENTRANTS } from "../../services/lottery/tally.ts";
import vectors from "../support/lottery/vectors.json" with { type: "json" };
import { tempDir } from "../support/temp-dir.ts";

const order: DrawOrder = { lottery_id: 9, count: 5, seed: "17".repeat(32), beacon: "" };

function drawThread(t: TestContext, file?: URL): DrawThread {
  const thread = new DrawThread(file);
  t.after(() => thread.stop());
  return thread;
}

/** A thread that does what `program` says instead of drawing. */
async function threadOf(t: TestContext, program: string): Promise<DrawThread> {
  const file = join(await tempDir(t), "thread.mjs");
  writeFileSync(file, `import { parentPort } from "node:worker_threads";\n${program}`);
  return drawThread(t, pathToFileURL(file));
}

/** Pages of the ids, counting how often they are opened. */
function entrantsOf(ids: readonly number[], pageSize = 1000) {
  const entrants = {
    opened: 0,
    open: async function* () {
      entrants.opened += 1;
      for (let at = 0; at < ids.length; at += pageSize) yield ids.slice(at, at + pageSize);
    },
  };
  return entrants;
}

const ascending = (count: number) => Array.from({ length: count }, (_, i) => 3 * i + 1);

test("the thread draws what the vectors say", async (t) => {
  const thread = drawThread(t);
  for (const vector of vectors) {
    const ids = [...new Set(vector.entrants)].sort((a, b) => a - b);
    const { winners, entries_digest } = await thread.draw(vector, entrantsOf(ids, 7).open);
    assert.deepEqual(winners, vector.winners);
    assert.equal(entries_digest, vector.entries_digest);
  }
});

test("few entrants are read once, many twice, and both draw the same as in memory", async (t) => {
  const thread = drawThread(t);
  for (const [count, times] of [
    [KEPT_ENTRANTS, 1],
    [KEPT_ENTRANTS + 1, 2],
  ] as const) {
    const ids = ascending(count);
    const entrants = entrantsOf(ids);
    assert.deepEqual(await thread.draw(order, entrants.open), drawAmong(order, ids));
    assert.equal(entrants.opened, times);
  }
});

test("draws side by side do not mix", async (t) => {
  const thread = drawThread(t);
  const draws = Array.from({ length: 20 }, (_, i) => ({
    order: { ...order, lottery_id: i + 1 },
    ids: ascending(100 + i),
  }));
  const outcomes = await Promise.all(
    draws.map((draw) => thread.draw(draw.order, entrantsOf(draw.ids, 10).open)),
  );
  assert.deepEqual(
    outcomes,
    draws.map((draw) => drawAmong(draw.order, draw.ids)),
  );
});

test("pages of typed arrays stay the caller's", async (t) => {
  const page = Float64Array.of(1, 2, 3);
  await drawThread(t).draw(order, async function* () {
    yield page;
  });
  assert.deepEqual([...page], [1, 2, 3]);
});

test("a reader is never more than one page ahead of the thread", async (t) => {
  const thread = await threadOf(
    t,
    `let open = 0;
     parentPort.on("message", ({ ask, kind, draw }) => {
       if (kind === "drop") return;
       if (kind !== "page") return parentPort.postMessage({ ask, outcome: { entrants: 0, winners: [], entries_digest: "" } });
       if (++open > 1) return parentPort.postMessage({ ask, error: "two pages at once" });
       setTimeout(() => { open -= 1; parentPort.postMessage({ ask }); }, 5);
     });`,
  );
  await thread.draw(order, entrantsOf(ascending(10), 1).open);
});

test("entrants that do not ascend fail the draw, and only that one", async (t) => {
  const thread = drawThread(t);
  await assert.rejects(thread.draw(order, entrantsOf([2, 1]).open), /ascend/);
  await assert.rejects(thread.draw(order, entrantsOf([1, 2, 2], 2).open), /ascend/);
  assert.deepEqual((await thread.draw(order, entrantsOf([4]).open)).winners, [4]);
});

test("a wrong order fails the draw", async (t) => {
  const thread = drawThread(t);
  await assert.rejects(thread.draw({ ...order, count: 0 }, entrantsOf([1]).open), /count/);
  await assert.rejects(thread.draw({ ...order, seed: "00" }, entrantsOf([1]).open), /seed/);
});

test("entrants that change between the passes fail the draw", async (t) => {
  const ids = ascending(KEPT_ENTRANTS + 1);
  const passes = [ids, [...ids, 10 ** 9]];
  await assert.rejects(
    drawThread(t).draw(order, async function* () {
      yield passes.shift() ?? [];
    }),
    /changed/,
  );
});

test("a reader that fails fails the draw with its own error", async (t) => {
  const lost = new Error("the database is gone");
  await assert.rejects(
    drawThread(t).draw(order, async function* () {
      yield [1];
      throw lost;
    }),
    lost,
  );
});

test("a draw that is given up fails with the reason", async (t) => {
  const controller = new AbortController();
  const reason = new Error("the node stops");
  await assert.rejects(
    drawThread(t).draw(
      order,
      async function* () {
        yield [1];
        controller.abort(reason);
        yield [2];
      },
      controller.signal,
    ),
    reason,
  );
});

for (const [how, program] of [
  ["throws", 'throw new Error("out of luck");'],
  ["exits", "process.exit(3);"],
  ["runs out of memory", "const all = []; for (;;) all.push(new Array(1e6).fill({}));"],
])
  test(`a thread that ${how} fails its draws, and the next draw gets another thread`, async (t) => {
    const thread = await threadOf(t, `parentPort.once("message", () => { ${program} });`);
    await assert.rejects(thread.draw(order, entrantsOf([1]).open), /thread died/);
    await assert.rejects(thread.draw(order, entrantsOf([1]).open), /thread died/);
  });

test("a draw whose thread is replaced half-way fails instead of drawing among the rest", async (t) => {
  const thread = await threadOf(
    t,
    `const drawn = await import(${JSON.stringify(
      new URL("../../services/lottery/draw-worker.ts", import.meta.url).href,
    )});
     parentPort.on("message", ({ kind, ids }) => {
       if (kind === "page" && ids.includes(666)) process.exit(1);
     });`,
  );
  const outcomes = await Promise.allSettled([
    thread.draw(order, entrantsOf([5, 6, 666]).open),
    thread.draw(order, async function* () {
      yield [1];
      await thread.draw(order, entrantsOf([666]).open).catch(() => {});
      yield [2];
    }),
  ]);
  for (const { status } of outcomes) assert.equal(status, "rejected");
});

test("stopping fails the draws under way and all later ones", async (t) => {
  const thread = await threadOf(t, 'parentPort.on("message", () => {});');
  const draw = thread.draw(order, entrantsOf([1]).open);
  await Promise.all([assert.rejects(draw, /stopped/), thread.stop()]);
  await assert.rejects(thread.draw(order, entrantsOf([1]).open), /stopped/);
});
