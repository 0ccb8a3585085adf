import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { jsonLog } from "../../lib/json-log.ts";

function logged(...args: unknown[]): Record<string, unknown> {
  let line = "";
  const logger = pino(jsonLog, {
    write(text: string) {
      line = text;
    },
  });
  (logger.info as (...args: unknown[]) => void)(...args);
  return JSON.parse(line);
}

test("the fields after a message are in the log", () => {
  const { msg, live_id } = logged("a show begins", { live_id: 5 });
  assert.deepEqual({ msg, live_id }, { msg: "a show begins", live_id: 5 });
});

test("an error after a message is in the log, with its stack", () => {
  const { msg, err } = logged("uncaught exception", new TypeError("oh"));
  assert.equal(msg, "uncaught exception");
  assert.equal((err as { message: string }).message, "oh");
  assert.match((err as { stack: string }).stack, /TypeError: oh\n +at /);
});

test("several words are one message, and percent signs mean nothing", () => {
  assert.equal(logged("done:", 5, "of %s").msg, "done: 5 of %s");
});
