import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { createIntake } from "../../services/message/intake.ts";
import { danmaku } from "../support/danmaku.ts";
import { danmakus } from "../support/history.ts";

class Refused extends Error {}

/** A history that refuses some ids, and can be out of reach. */
function history({ bad = [] }: { bad?: number[] } = {}) {
  const commits: number[][] = [];
  const buried: number[] = [];
  const state = { away: false, graveyardFull: false };
  const intake = createIntake({
    async append(records) {
      await new Promise(setImmediate);
      if (state.away) throw new Error("away");
      if (records.some(({ id }) => bad.includes(id))) throw new Refused();
      commits.push(records.map(({ id }) => id));
    },
    isRefusal: (error) => error instanceof Refused,
    async bury({ id }: MessageRecord) {
      if (state.graveyardFull) throw new Error("full");
      buried.push(id);
    },
  });
  return { intake, commits, buried, state, kept: () => commits.flat().sort((a, b) => a - b) };
}

const ids = (from: number, to: number) => danmakus(from, to - from + 1).map(({ id }) => id);

describe("the intake of history", () => {
  it("keeps together what arrives together, and what arrives while it is at work", async () => {
    const { intake, commits } = history();
    const first = [1, 2, 3].map((id) => intake.take([danmaku(id)], 100));
    await new Promise(setImmediate);
    const second = [4, 5].map((id) => intake.take([danmaku(id)], 100));
    await Promise.all([...first, ...second]);
    assert.deepEqual(commits, [
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it("bounds a commit by records and by bytes, and never splits a delivery for that", async () => {
    const { intake, commits } = history();
    await Promise.all([
      intake.take(danmakus(1, 1_500), 1_000),
      intake.take(danmakus(2_001, 500), 1_000),
      intake.take(danmakus(3_001, 1), 1_000),
      intake.take(danmakus(4_001, 1), 2 ** 21),
      intake.take(danmakus(5_001, 3_000), 1_000),
    ]);
    assert.deepEqual(
      commits.map(({ length }) => length),
      [2_000, 1, 1, 3_000],
    );
  });

  it("finds those that are refused, puts them aside and keeps all others", async () => {
    for (const bad of [[1], [100], [7, 8], [1, 50, 51, 99], ids(1, 100)]) {
      const { intake, kept, buried } = history({ bad });
      await intake.take(danmakus(1, 100), 1_000);
      assert.deepEqual(buried, bad);
      assert.deepEqual(
        kept(),
        ids(1, 100).filter((id) => !bad.includes(id)),
      );
    }
  });

  it("has everything come again that it could not keep, and buries nothing for it", async () => {
    const { intake, state, buried, kept } = history();
    state.away = true;
    const results = await Promise.allSettled([
      intake.take(danmakus(1, 3), 100),
      intake.take(danmakus(4, 3), 100),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepEqual(buried, []);
    state.away = false;
    await intake.take(danmakus(1, 3), 100);
    assert.deepEqual(kept(), [1, 2, 3]);
  });

  it("has a message come again that could not be put aside", async () => {
    const { intake, state, buried } = history({ bad: [2] });
    state.graveyardFull = true;
    await assert.rejects(intake.take(danmakus(1, 3), 100), /full/);
    state.graveyardFull = false;
    await intake.take(danmakus(1, 3), 100);
    assert.deepEqual(buried, [2]);
  });

  it("has no objection to a delivery of nothing", async () => {
    const { intake, commits } = history();
    await intake.take([], 2);
    assert.deepEqual(commits, []);
  });
});
