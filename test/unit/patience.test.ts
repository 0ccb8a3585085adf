import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { allowSlowBody, expectBody } from "../../services/api/patience.ts";

/** A request whose body comes as a test wants it. */
function someRequest(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const socket = { bytesRead: 500 };
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
  for (const event of ["end", "close"]) {
    const { req, pass, gaveUp } = someRequest(t);
    req.emit(event);
    pass(600_000);
    assert.equal(gaveUp(), 0, event);
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
  const { asMessage, pass, gaveUp } = someRequest(t);
  await assert.rejects(
    allowSlowBody(asMessage, () => Promise.reject(new Error("refused"))),
    /refused/,
  );
  pass(600_000);
  assert.equal(gaveUp(), 0);
});
