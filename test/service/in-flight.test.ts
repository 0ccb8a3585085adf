import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ServiceBroker } from "moleculer";
import { finishRunning } from "../../mixins/in-flight.ts";
import { cleanUp } from "../support/cleanup.ts";

/** A broker that others in this process find. */
async function broker(
  t: TestContext,
  name: string,
  slow: (() => Promise<string>) | null,
  patienceMs?: number,
): Promise<ServiceBroker> {
  const broker = new ServiceBroker({
    nodeID: name,
    namespace: t.name,
    transporter: "Fake",
    logger: false,
    skipProcessEventRegistration: true,
    middlewares: [finishRunning(patienceMs)],
  });
  if (slow !== null) broker.createService({ name: "slow", actions: { work: slow } });
  cleanUp(t, () => broker.stop());
  await broker.start();
  return broker;
}

test("what runs when a node is stopped is finished and answered", async (t) => {
  const begun = Promise.withResolvers<void>();
  const work = Promise.withResolvers<string>();
  const worker = await broker(t, "worker", () => {
    begun.resolve();
    return work.promise;
  });
  const caller = await broker(t, "caller", null);
  await caller.waitForServices("slow");
  const answer = caller.call("slow.work");
  await begun.promise;

  const stopped = worker.stop();
  // From now on nobody can call it.
  await assert.rejects(async () => {
    for (;;) {
      await new Promise(setImmediate);
      if (caller.registry.getServiceList({ onlyAvailable: true }).some((s) => s.name === "slow"))
        continue;
      await caller.call("slow.work");
    }
  }, /not found|not available/);
  work.resolve("done");
  assert.equal(await answer, "done");
  await stopped;
});

test("what never ends keeps no node from stopping", async (t) => {
  const begun = Promise.withResolvers<void>();
  const never = () => {
    begun.resolve();
    return new Promise<string>(() => {});
  };
  const worker = await broker(t, "worker", never, 50);
  void worker.call("slow.work").catch(() => {});
  await begun.promise;
  await worker.stop();
});
