import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import { broadcast, call } from "../../contracts/call.ts";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { configMixin } from "../../mixins/config.mixin.ts";
import configService from "../../services/config/config.service.ts";
import { type NodeSetup, startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const { nats, etcd } = await startStack({ after }, { nats: true, etcd: true });

let clusters = 0;

/** Nodes that find each other over NATS, and nobody else. */
function cluster(t: TestContext) {
  const transporter = { type: "NATS" as const, options: { url: nats.url } };
  const options = { namespace: `test-${++clusters}`, transporter };
  return (nodeID: string, services: NodeSetup["services"]): Promise<ServiceBroker> =>
    startNode(t, { services, env: { ETCD_URL: etcd.url }, options: { ...options, nodeID } });
}

const withFlush = (ms: number): Config => ({
  ...defaultConfig,
  hub: { ...defaultConfig.hub, flush_ms: ms },
});

/** Says what the test lets it say: revision 10 is flush_ms 10, and so on. */
function sayingConfig(revision: number): ServiceSchema {
  return { name: "config", actions: { get: () => ({ config: withFlush(revision), revision }) } };
}

/** A service that mirrors the configuration, and every flush_ms that it took over since it started. */
function mirror() {
  const taken: number[] = [];
  const schema: ServiceSchema = {
    name: "mirror",
    mixins: [configMixin],
    methods: {
      configChanged: (config: Config) => taken.push(config.hub.flush_ms),
    },
    actions: {
      flush() {
        return this.config.hub.flush_ms;
      },
    },
  };
  return { schema, taken };
}

/** Two config nodes that say what they are told to, and a service elsewhere that hears them. */
async function twoConfigNodes(t: TestContext) {
  const start = cluster(t);
  const a = await start("a", [sayingConfig(10)]);
  const b = await start("b", [sayingConfig(10)]);
  const { schema, taken } = mirror();
  await start("c", [schema]);
  for (const node of [a, b])
    await waitFor(() => node.registry.events.events.some(({ name }) => name === "config.changed"));
  const says = (node: ServiceBroker, revision: number) =>
    broadcast(node, "config.changed", { config: withFlush(revision), revision });
  return { a, b, taken, says };
}

describe("a service on another node than the configuration", () => {
  it("keeps the newer one of what two config nodes say, also when the older is told later", async (t) => {
    const { a, b, taken, says } = await twoConfigNodes(t);
    await says(a, 12);
    await waitFor(() => taken.includes(12));
    await says(b, 11);
    await says(b, 13);
    await waitFor(() => taken.includes(13));
    assert.deepEqual(taken, [12, 13]);
  });

  it("takes over once what several config nodes say", async (t) => {
    const { a, b, taken, says } = await twoConfigNodes(t);
    for (const revision of [11, 12]) {
      await says(a, revision);
      await waitFor(() => taken.includes(revision));
      await says(b, revision);
    }
    await says(b, 13);
    await waitFor(() => taken.includes(13));
    assert.deepEqual(taken, [11, 12, 13]);
  });

  it("follows a config node whose revisions begin anew", async (t) => {
    const { a, taken, says } = await twoConfigNodes(t);
    await says(a, 12);
    await says(a, 5);
    await waitFor(() => taken.includes(5));
    assert.deepEqual(taken, [12, 5]);
  });

  it("does not stay with the high revision of a node that is gone", async (t) => {
    const { a, b, taken, says } = await twoConfigNodes(t);
    await says(a, 12);
    await waitFor(() => taken.includes(12));
    await a.stop();
    // Until it is known here that the other is gone, this is taken for something old.
    await waitFor(async () => {
      await says(b, 5);
      return taken.includes(5);
    });
    assert.deepEqual(taken, [12, 5]);
  });

  it("asks for what it missed when a config node says what its revision is", async (t) => {
    const { a, b, taken, says } = await twoConfigNodes(t);
    await says(a, 6);
    // What two nodes say may come in either order.
    await waitFor(() => taken.includes(6));
    await broadcast(b, "config.current", { revision: 10 });
    await waitFor(() => taken.includes(10));
    await broadcast(b, "config.current", { revision: 10 });
    await says(b, 11);
    await waitFor(() => taken.includes(11));
    assert.deepEqual(taken, [6, 10, 11]);
  });

  it("has a change that was made while it started", async (t) => {
    const start = cluster(t);
    const a = await start("a", [configService]);
    const { schema } = mirror();
    const set = (value: number) => call(a, "config.set", { key: "hub.flush_ms", value });
    await set(20);
    // Its own start takes long, and the change happens meanwhile.
    const slow: ServiceSchema = {
      ...schema,
      async started() {
        assert.equal(this.config.hub.flush_ms, 20);
        await set(30);
      },
    };
    const c = await start("c", [slow]);
    await waitFor(async () => (await c.call("mirror.flush")) === 30);
  });

  it("has a change that was made while it was cut off", async (t) => {
    const start = cluster(t);
    const a = await start("a", [configService]);
    const { schema } = mirror();
    const c = await start("c", [schema]);
    const value = 1 + ((await c.call<number, object>("mirror.flush", {})) % 100) + 5;
    await c.transit?.disconnect();
    await call(a, "config.set", { key: "hub.flush_ms", value });
    await c.transit?.connect();
    await waitFor(async () => (await c.call("mirror.flush")) === value);
  });
});
