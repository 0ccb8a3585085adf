import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { allowSlowBody, expectBody } from "../../services/api/patience.ts";

/** A request whose body comes as a test wants it. */
function someRequest(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const socket = Object.assign(new EventEmitter(), {
    bytesRead: 500,
    destroyed: false,
    destroy() {
      socket.destroyed = true;
    },
  });
  const state = { paused: false };
  const req = Object.assign(new EventEmitter(), {
    socket,
    complete: false,
    isPaused: () => state.paused,
  });
  let gaveUp = 0;
  const asMessage = req as unknown as IncomingMessage;
  expectBody(asMessage, () => {
    gaveUp++;
  });
  return {
    req,
    asMessage,
    socket,
    state,
    pass: (ms: number) => t.mock.timers.tick(ms),
    gaveUp: () => gaveUp,
  };
}

test("an ordinary body has a minute", (t) => {
  const { pass, gaveUp } = someRequest(t);
  pass(59_999);
  assert.equal(gaveUp(), 0);
  pass(1);
  assert.equal(gaveUp(), 1);
});

test("nobody gives up on a body that is there, or whose client has left", (t) => {
  for (const left of [false, true]) {
    const { req, socket, pass, gaveUp } = someRequest(t);
    if (left) socket.emit("close");
    else req.emit("end");
    pass(600_000);
    assert.equal(gaveUp(), 0);
    assert.equal(socket.listenerCount("close"), 0);
    t.mock.timers.reset();
  }
});

test("a large body may take as long as it keeps coming", async (t) => {
  const { asMessage, socket, pass, gaveUp } = someRequest(t);
  await allowSlowBody(asMessage, async () => {
    for (let i = 0; i < 100; i++) {
      socket.bytesRead += 40_000;
      pass(30_000);
    }
  });
  assert.equal(gaveUp(), 0);
});

test("a large body that hardly comes is given up", async (t) => {
  const { asMessage, socket, pass, gaveUp } = someRequest(t);
  await allowSlowBody(asMessage, async () => {
    socket.bytesRead += 40_000;
    pass(30_000);
    assert.equal(gaveUp(), 0);
    socket.bytesRead += 1_000;
    pass(30_000);
    assert.equal(gaveUp(), 1);
  });
});

test("a client is not blamed for what the store does not take", async (t) => {
  const { asMessage, state, pass, gaveUp } = someRequest(t);
  state.paused = true;
  await allowSlowBody(asMessage, async () => pass(300_000));
  assert.equal(gaveUp(), 0);
});

test("after the body nobody looks any more", async (t) => {
  const { req, asMessage, socket, pass, gaveUp } = someRequest(t);
  await allowSlowBody(asMessage, async () => {
    req.complete = true;
  });
  pass(600_000);
  assert.deepEqual(
    { gaveUp: gaveUp(), destroyed: socket.destroyed },
    { gaveUp: 0, destroyed: false },
  );
});

test("who is refused in the middle has ten seconds to see it, whatever they go on sending", async (t) => {
  const { asMessage, socket, pass } = someRequest(t);
  const refused = allowSlowBody(asMessage, () => Promise.reject(new Error("refused")));
  await assert.rejects(refused, /refused/);
  pass(9_999);
  assert.equal(socket.destroyed, false);
  pass(1);
  assert.equal(socket.destroyed, true);
});
