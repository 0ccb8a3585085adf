import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSlots } from "../../lib/slots.ts";

describe("slots", () => {
  it("let so many jobs run at a time, in the order they came", async () => {
    const slots = createSlots({ running: 2, waiting: 10 });
    const started: number[] = [];
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const jobs = gates.map((gate, n) =>
      slots.run(() => {
        started.push(n);
        return gate.promise;
      }),
    );
    await new Promise(setImmediate);
    assert.deepEqual(started, [0, 1]);
    gates[1]?.resolve();
    await jobs[1];
    await new Promise(setImmediate);
    assert.deepEqual(started, [0, 1, 2]);
    for (const gate of gates) gate.resolve();
    await Promise.all(jobs);
    assert.deepEqual(started, [0, 1, 2, 3, 4]);
    assert.equal(slots.pending, 0);
  });

  it("refuse a job when too many wait", async () => {
    const slots = createSlots({ running: 1, waiting: 1 });
    const gate = Promise.withResolvers<void>();
    const taken = [slots.run(() => gate.promise), slots.run(() => gate.promise)];
    await assert.rejects(
      slots.run(() => gate.promise),
      { name: "SlotsFullError" },
    );
    gate.resolve();
    await Promise.all(taken);
  });

  it("go on after a job that failed", async () => {
    const slots = createSlots({ running: 1, waiting: 1 });
    await assert.rejects(
      slots.run(() => Promise.reject(new Error("broken"))),
      /broken/,
    );
    assert.equal(await slots.run(() => Promise.resolve(7)), 7);
  });
});
