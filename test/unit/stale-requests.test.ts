import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "moleculer";
import { refuseStale } from "../../mixins/stale-requests.ts";

type Handler = (ctx: Partial<Context>) => Promise<unknown>;

/** A node "here" whose action answers "done". */
function node(maxAgeMs: number): Handler {
  const middleware = refuseStale(maxAgeMs) as unknown as {
    created(broker: object): void;
    localAction(next: Handler): Handler;
  };
  middleware.created({ nodeID: "here", localBus: { on() {} } });
  return middleware.localAction(async () => "done");
}

const request = (nodeID: string, agoMs: number) => ({
  nodeID,
  headers: { sent_ms: Date.now() - agoMs },
});
const undone = { type: "UNAVAILABLE", data: { retry_after_ms: 1000, undone: true } };

test("a request that was under way for much longer than others of its caller is not done", async () => {
  const call = node(60_000);
  assert.equal(await call(request("there", 0)), "done");
  assert.equal(await call(request("there", 30_000)), "done");
  await assert.rejects(call(request("there", 120_000)), undone);
  assert.equal(await call(request("there", 0)), "done");
});

test("clocks that differ make no request old", async () => {
  const call = node(60_000);
  for (const agoMs of [900_000, 900_100, 899_900])
    assert.equal(await call(request("behind", agoMs)), "done");
  for (const agoMs of [-900_000, -899_900])
    assert.equal(await call(request("ahead", agoMs)), "done");
  await assert.rejects(call(request("ahead", -700_000)), undone);
});

test("calls within a node and calls that do not say when they were made are done", async () => {
  const call = node(60_000);
  await call(request("there", 0));
  assert.equal(await call(request("here", 120_000)), "done");
  assert.equal(await call({ nodeID: "there" }), "done");
});

test("what a node asks of others says when it was asked", async () => {
  const { remoteAction } = refuseStale() as unknown as { remoteAction(next: Handler): Handler };
  const before = Date.now();
  const headers = await remoteAction(async (ctx) => ctx.headers)({ headers: { forwarded: true } });
  const { sent_ms, ...rest } = headers as { sent_ms: number };
  assert.ok(sent_ms >= before && sent_ms <= Date.now());
  assert.deepEqual(rest, { forwarded: true });
});
