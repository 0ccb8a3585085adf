import assert from "node:assert/strict";
import { test } from "node:test";
import { ProductError } from "../../contracts/errors.ts";
import { atOwner, undone } from "../../services/push/at-owner.ts";
import { OwnedElsewhere } from "../../services/push/ownership.ts";

type Step = string | Error;

/** What happens at each attempt here and elsewhere; time passes with each pause. */
function attempts(setup: { here?: Step[]; there?: Step[] | null; repeatable?: boolean }) {
  const { here = [], there = [], repeatable = false } = setup;
  const calls: string[] = [];
  let nowMs = 0;
  const play = (steps: Step[]) => {
    const step = steps.length > 1 ? steps.shift() : steps[0];
    if (step instanceof Error) throw step;
    return step as string;
  };
  const done = atOwner<string>({
    here: async () => {
      calls.push("here");
      return play(here);
    },
    there:
      there === null
        ? null
        : async (nodeId) => {
            calls.push(nodeId);
            return play(there);
          },
    repeatable,
    now: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
  });
  return { done, calls, elapsed: () => nowMs };
}

const elsewhere = (node: string | null = "push-2") => new OwnedElsewhere(node);
const moleculer = (type: string) => Object.assign(new Error(type), { type });

test("the owner does it itself", async () => {
  const { done, calls } = attempts({ here: ["done"] });
  assert.equal(await done, "done");
  assert.deepEqual(calls, ["here"]);
});

test("who is not the owner has the owner do it", async () => {
  const { done, calls } = attempts({ here: [elsewhere()], there: ["done there"] });
  assert.equal(await done, "done there");
  assert.deepEqual(calls, ["here", "push-2"]);
});

test("what was passed on is not passed on again, and says that nothing was done", async () => {
  const { done, calls } = attempts({ here: [elsewhere()], there: null });
  await assert.rejects(done, { type: "UNAVAILABLE", data: { retry_after_ms: 1000, undone: true } });
  assert.deepEqual(calls, ["here"]);
});

test("an owner that is gone is waited for until the room is free", async () => {
  const { done, calls } = attempts({
    here: [elsewhere(), elsewhere(), elsewhere(null), "done"],
    there: [moleculer("SERVICE_NOT_FOUND")],
  });
  assert.equal(await done, "done");
  assert.deepEqual(calls, ["here", "push-2", "here", "push-2", "here", "here"]);
});

test("an owner that has just let go is asked again, since it did nothing", async () => {
  const { done } = attempts({ here: [elsewhere()], there: [undone(), "done there"] });
  assert.equal(await done, "done there");
});

test("the wait has an end", async () => {
  const { done, elapsed } = attempts({ here: [elsewhere(null)] });
  await assert.rejects(done, { type: "UNAVAILABLE" });
  assert.ok(elapsed() >= 3_000 && elapsed() < 5_000, `${elapsed()} ms`);
});

test("a refusal is final", async () => {
  const { done, calls } = attempts({ here: [new ProductError("MUTED")] });
  await assert.rejects(done, { type: "MUTED" });
  assert.deepEqual(calls, ["here"]);
});

for (const word of ["REQUEST_REJECTED", "REQUEST_TIMEOUT"]) {
  test(`what may have been done (${word}) is not done again`, async () => {
    const { done, calls } = attempts({ here: [elsewhere()], there: [moleculer(word), "twice"] });
    await assert.rejects(done, { type: word });
    assert.deepEqual(calls, ["here", "push-2"]);
  });

  test(`unless it does no harm (${word})`, async () => {
    const { done } = attempts({
      here: [elsewhere()],
      there: [moleculer(word), "twice"],
      repeatable: true,
    });
    assert.equal(await done, "twice");
  });
}
