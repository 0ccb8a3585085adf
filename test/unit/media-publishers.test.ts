import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isStreamKey, Publishers } from "../../services/media/publishers.ts";
import { RESTART_MS, RestartPace, STEADY_MS } from "../../services/media/restart-pace.ts";

/** Publishers among whom these sessions have asked. */
function asked(...sessions: string[]): Publishers {
  const publishers = new Publishers();
  for (const session of sessions) publishers.wish(session);
  return publishers;
}

describe("who publishes", () => {
  it("has a name that can be a stream key", () => {
    assert.ok(isStreamKey("S4TMncJBwJ6ZE9x7zTNlmnFp6MdFTmPv"));
    for (const name of ["", "stream", "S4TMncJBwJ6ZE9x7zTNlmnFp6MdFTmPv ", "x".repeat(33)])
      assert.ok(!isStreamKey(name), name);
  });

  it("may, once the key is known", () => {
    const publishers = asked("a");
    assert.equal(publishers.sessionOf(1), null);
    assert.equal(publishers.admit("a", { live_id: 1 }), null);
    assert.equal(publishers.sessionOf(1), "a");
  });

  it("may not with a key that opens nothing, or a room that another node has", () => {
    const publishers = asked("a", "b");
    assert.equal(publishers.admit("a", { refused: "unknown" }), "unknown");
    assert.equal(publishers.admit("b", { refused: "taken" }), "taken");
    assert.equal(publishers.video("a"), null);
  });

  it("is the first of a room, until that one has left", () => {
    const publishers = asked("a", "b", "c");
    publishers.admit("a", { live_id: 1 });
    assert.equal(publishers.admit("b", { live_id: 1 }), "taken");
    assert.equal(publishers.left("b"), null);
    assert.equal(publishers.sessionOf(1), "a");
    assert.equal(publishers.left("a"), 1);
    assert.equal(publishers.admit("c", { live_id: 1 }), null);
  });

  it("is nobody who left before there was an answer", () => {
    const publishers = asked("a");
    publishers.left("a");
    assert.equal(publishers.admit("a", { live_id: 1 }), "gone");
    assert.equal(publishers.sessionOf(1), null);
  });

  it("is nobody when the process that knew them has died, with answers under way", () => {
    const publishers = asked("a", "b");
    publishers.admit("a", { live_id: 1 });
    publishers.video("a");
    publishers.clear();
    assert.deepEqual(publishers.streaming(), []);
    assert.equal(publishers.admit("b", { live_id: 2 }), "gone");
  });

  it("streams from the first picture on", () => {
    const publishers = asked("a");
    publishers.admit("a", { live_id: 1 });
    assert.deepEqual(publishers.streaming(), []);
    assert.equal(publishers.video("a"), 1);
    assert.deepEqual(publishers.streaming(), [1]);
    publishers.left("a");
    assert.deepEqual(publishers.streaming(), []);
  });
});

describe("what ends and is started again", () => {
  it("is waited for longer and longer, up to a bound", () => {
    const pace = new RestartPace();
    const waits = Array.from({ length: 12 }, () => pace.next(0));
    assert.deepEqual(waits.slice(0, 4), [100, 200, 400, 800]);
    assert.equal(waits.at(-1), RESTART_MS.most);
  });

  it("starts at once again when it had lived well", () => {
    const pace = new RestartPace();
    for (let n = 0; n < 5; n++) pace.next(0);
    assert.equal(pace.next(STEADY_MS), RESTART_MS.least);
  });
});
