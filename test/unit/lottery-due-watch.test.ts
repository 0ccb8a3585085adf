import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Claim } from "../../services/lottery/course.ts";
import { DueWatch, type DueWatchPorts } from "../../services/lottery/due-watch.ts";
import type { ClaimStore } from "../../services/lottery/lottery-store.ts";
import type { Step } from "../../services/lottery/steps.ts";
import { cleanUp } from "../support/cleanup.ts";
import { waitFor } from "../support/wait-for.ts";

const NEVER = Number.MAX_SAFE_INTEGER;

/** What is due, and who works on it. */
class Table implements ClaimStore {
  readonly rows = new Map<number, { due_ms: number | null; token: number }>();
  renewals = 0;
  looks = 0;
  held = true;

  constructor(...ids: number[]) {
    for (const id of ids) this.rows.set(id, { due_ms: 0, token: 0 });
  }

  async next(limit: number) {
    this.looks++;
    return [...this.rows]
      .filter(([, { due_ms }]) => due_ms !== null)
      .map(([id, { due_ms }]) => ({ id, due_ms: due_ms as number }))
      .sort((a, b) => a.due_ms - b.due_ms)
      .slice(0, limit);
  }

  async claim({ id, due_ms }: { id: number; due_ms: number }, token: number, untilMs: number) {
    if (this.rows.get(id)?.due_ms !== due_ms) return false;
    this.rows.set(id, { due_ms: untilMs, token });
    return true;
  }

  async renew(id: number, token: number, untilMs: number) {
    this.renewals++;
    if (!this.held || this.rows.get(id)?.token !== token) return false;
    this.rows.set(id, { due_ms: untilMs, token });
    return true;
  }

  async release(id: number, token: number, due_ms: number | null) {
    if (this.rows.get(id)?.token !== token) return false;
    this.rows.set(id, { due_ms, token: 0 });
    return true;
  }
}

let tokens = 0;

function watch(t: TestContext, table: Table, more: Partial<DueWatchPorts>): DueWatch {
  const watching = new DueWatch({
    claims: table,
    carryOn: async () => null,
    newToken: () => ++tokens,
    now: Date.now,
    random: () => 0,
    reached: () => {},
    failed: (_, error) => assert.fail(String(error)),
    ...more,
  });
  cleanUp(t, () => watching.stop());
  watching.start();
  return watching;
}

describe("the watch for lotteries that are due", () => {
  it("carries each on once, however many watch", async (t) => {
    const table = new Table(...Array.from({ length: 100 }, (_, i) => i + 1));
    const carried: number[] = [];
    const carryOn = async ({ id }: Claim) => {
      carried.push(id);
      return null;
    };
    for (let node = 0; node < 3; node++) watch(t, table, { carryOn });
    await waitFor(() => [...table.rows.values()].every(({ due_ms }) => due_ms === null));
    assert.deepEqual(
      carried.toSorted((a, b) => a - b),
      [...table.rows.keys()],
    );
  });

  it("comes back when it is told to", async (t) => {
    const table = new Table(1);
    const steps: Step[] = [];
    let times = 0;
    watch(t, table, {
      carryOn: async () => (++times < 3 ? Date.now() : null),
      reached: (step) => steps.push(step),
    });
    await waitFor(() => times === 3 && table.rows.get(1)?.due_ms === null);
    assert.deepEqual(steps, ["claimed", "claimed", "claimed", "closed"]);
  });

  it("tries again what failed, when its lease is over, and says why", async (t) => {
    const table = new Table(1);
    const failures: string[] = [];
    let times = 0;
    let now = 1_000;
    watch(t, table, {
      now: () => now,
      carryOn: async () => {
        if (++times === 1) throw new Error("the database is away");
        return null;
      },
      failed: (what, error) => failures.push(`${what.lottery_id} ${(error as Error).message}`),
    });
    await waitFor(() => failures.length === 1);
    assert.deepEqual(failures, ["1 the database is away"]);
    assert.equal(times, 1);
    now += 10_000;
    await waitFor(() => times === 2);
  });

  it("keeps a lease while the work goes on, and tells it when the lease is lost", async (t) => {
    const table = new Table(1);
    const lost = Promise.withResolvers<void>();
    watch(t, table, {
      carryOn: ({ lost: signal }) => {
        signal.addEventListener("abort", () => lost.resolve());
        return new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      },
    });
    await waitFor(() => table.renewals >= 2);
    table.held = false;
    table.rows.set(1, { due_ms: NEVER, token: 99 });
    await lost.promise;
  });

  it("lets others go on at once when it is stopped", async (t) => {
    const table = new Table(1);
    const began = Promise.withResolvers<void>();
    const watching = watch(t, table, {
      carryOn: ({ lost }) => {
        began.resolve();
        return new Promise((_, reject) =>
          lost.addEventListener("abort", () => reject(lost.reason)),
        );
      },
    });
    await began.promise;
    await watching.stop();
    assert.ok((table.rows.get(1)?.due_ms ?? NEVER) <= Date.now());
  });

  it("goes on watching when the database cannot be asked for a while", async (t) => {
    const table = new Table(1);
    let failures = 0;
    const next = table.next.bind(table);
    table.next = async (...asked) => {
      if (++failures <= 2) throw new Error("away");
      return next(...asked);
    };
    watch(t, table, { failed: () => {} });
    await waitFor(() => table.rows.get(1)?.due_ms === null);
  });

  it("looks when the next one is due, and seldom before", async (t) => {
    const table = new Table(1);
    const dueMs = Date.now() + 600;
    table.rows.set(1, { due_ms: dueMs, token: 0 });
    let began = 0;
    watch(t, table, {
      random: () => 1,
      carryOn: async () => {
        began = Date.now();
        return null;
      },
    });
    await waitFor(() => table.rows.get(1)?.due_ms === null);
    assert.ok(began >= dueMs);
    assert.equal(table.looks, 2);
  });
});
