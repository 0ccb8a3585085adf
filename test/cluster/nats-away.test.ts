import assert from "node:assert/strict";
import { after, test } from "node:test";
import "../../mixins/nats-transporter.ts";
import { natsOptions } from "../../lib/nats/options.ts";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";

const { nats } = await startStack({ after }, { nats: true });

test("a node leaves in good order, also while NATS is away", async (t) => {
  const transporter = { type: "NATS", options: natsOptions(nats.url) } as never;
  const node = await startNode(t, { services: [], options: { transporter } });
  await nats.kill();
  await node.stop();
  assert.equal(node.started, false);
  await nats.start();
});
