import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Context, LogLevels, ServiceBroker, ServiceSchema } from "moleculer";
import type { Result } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { defaultConfig } from "../../contracts/config.ts";
import type { EventMap } from "../../contracts/events.ts";
import { openEtcd } from "../../lib/etcd/connect.ts";
import { configMixin } from "../../mixins/config.mixin.ts";
import configService from "../../services/config/config.service.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const KEY = "molimoli/config";
/** What the product promises for a change after etcd's return, in ms. */
const PROMISED_MS = 2_000;

interface Said {
  level: string;
  text: string;
}

interface ConfigNode {
  broker: ServiceBroker;
  folder: string;
  /** What this node's config service logged as warnings and errors. */
  said: Said[];
  changes: EventMap["config.changed"][];
  get(): Promise<Result<"config.get">>;
  set(key: string, value: unknown): Promise<Result<"config.set">>;
  /** What a service with the mixin has. */
  mirrored(): Promise<number>;
}

/** A node with the config service and one that mirrors it. */
async function startConfigNode(
  t: TestContext,
  etcdUrl: string,
  dataDir?: string,
): Promise<ConfigNode> {
  const folder = dataDir ?? (await tempDir(t));
  const said: Said[] = [];
  const changes: EventMap["config.changed"][] = [];
  const mirror: ServiceSchema = {
    name: "mirror",
    mixins: [configMixin],
    actions: {
      flush() {
        return this.config.hub.flush_ms;
      },
    },
    events: {
      "config.changed"(ctx: Context<EventMap["config.changed"]>) {
        changes.push(ctx.params);
      },
    },
  };
  const broker = await startNode(t, {
    services: [configService, mirror],
    env: { DATA_DIR: folder, ETCD_URL: etcdUrl },
    options: { logger: recorder(said) },
  });
  return {
    broker,
    folder,
    said,
    changes,
    get: () => call(broker, "config.get", {}),
    set: (key, value) => call(broker, "config.set", { key, value }),
    mirrored: () => broker.call<number, object>("mirror.flush", {}),
  };
}

function recorder(said: Said[]) {
  return {
    type: "Console" as const,
    options: {
      level: "warn" as LogLevels,
      formatter: (level: string, args: unknown[], bindings: { mod: string }) => {
        if (bindings.mod === "config") said.push({ level, text: String(args[0]) });
        return [];
      },
    },
  };
}

/** etcd, and somebody who changes the configuration with another tool. */
async function startEtcdWithOperator(t: TestContext) {
  const { etcd } = await startStack(t, { etcd: true });
  const operator = openEtcd(etcd.url);
  cleanUp(t, () => operator.close());
  const write = async (document: unknown) => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    await operator.put(KEY).value(text).exec();
  };
  const read = () => operator.get(KEY).json();
  return { etcd, write, read };
}

const flush = (ms: number) => ({ hub: { flush_ms: ms } });

/** Waits until every node's services have it; answers how long that took, in ms. */
async function applied(nodes: readonly ConfigNode[], ms: number): Promise<number> {
  const begin = performance.now();
  await Promise.all(
    nodes.map((node) =>
      waitFor(async () => (await node.mirrored()) === ms, {
        timeoutMs: 10 * PROMISED_MS,
        message: `flush_ms ${ms} to be applied`,
      }),
    ),
  );
  return performance.now() - begin;
}

describe("configuration in etcd", () => {
  it("is an empty document at first, for operators to find", async (t) => {
    const { etcd, read } = await startEtcdWithOperator(t);
    const node = await startConfigNode(t, etcd.url);
    assert.deepEqual((await node.get()).config, defaultConfig);
    assert.deepEqual(await read(), {});
  });

  it("is applied by every node when somebody changes it", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const nodes = [await startConfigNode(t, etcd.url), await startConfigNode(t, etcd.url)];
    assert.deepEqual(await Promise.all(nodes.map((node) => node.mirrored())), [20, 20]);
    await write(flush(30));
    t.diagnostic(`applied by two nodes after ${(await applied(nodes, 30)).toFixed(1)} ms`);
    for (const node of nodes)
      assert.deepEqual(
        node.changes.map(({ config }) => config.hub.flush_ms),
        [30],
      );
  });

  it("is set by one node and applied by the others", async (t) => {
    const { etcd, write, read } = await startEtcdWithOperator(t);
    await write({ words: { mask: ["x"] } });
    const [one, other] = [
      await startConfigNode(t, etcd.url),
      await startConfigNode(t, etcd.url),
    ] as const;
    const { revision } = await one.set("hub.flush_ms", 20);
    await applied([one, other], 20);
    assert.equal((await other.get()).revision, revision);
    assert.deepEqual(await read(), { words: { mask: ["x"] }, hub: { flush_ms: 20 } });
  });

  it("loses none of many values that several nodes set at the same time", async (t) => {
    const { etcd, read } = await startEtcdWithOperator(t);
    const nodes = [await startConfigNode(t, etcd.url), await startConfigNode(t, etcd.url)];
    const keys = ["user_rate", "user_burst", "room_rate", "room_rate_min"];
    await Promise.all(keys.map((key, i) => nodes[i % 2]?.set(`limiter.${key}`, 10 + i)));
    assert.deepEqual(await read(), {
      limiter: { user_rate: 10, user_burst: 11, room_rate: 12, room_rate_min: 13 },
    });
  });

  it("stays as it is while etcd is away, and is applied everywhere soon after a change then", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const nodes = [await startConfigNode(t, etcd.url), await startConfigNode(t, etcd.url)];
    await etcd.kill();
    for (const { said } of nodes) await waitFor(() => said.length > 0);
    for (const node of nodes) {
      assert.equal(await node.mirrored(), 20);
      await assert.rejects(node.set("hub.flush_ms", 25), { type: "UNAVAILABLE" });
      assert.deepEqual(node.changes, []);
    }
    await etcd.start();
    const returned = performance.now();
    await write(flush(30));
    const took = await applied(nodes, 30);
    const since = performance.now() - returned;
    t.diagnostic(
      `applied by two nodes ${took.toFixed(0)} ms after etcd took the change, ${since.toFixed(0)} ms after its return`,
    );
    assert.ok(took < PROMISED_MS * 5, `${took} ms`);
    for (const node of nodes) {
      assert.equal(node.changes.length, 1);
      assert.deepEqual(
        node.said.map(({ level }) => level),
        ["warn"],
      );
      assert.match(node.said[0]?.text ?? "", /^etcd does not answer .*; the configuration stays/);
    }
  });

  it("is the last known one when a node starts without etcd, until etcd is there", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const before = await startConfigNode(t, etcd.url);
    const { revision } = await before.get();
    await before.broker.stop();
    await etcd.kill();

    const node = await startConfigNode(t, etcd.url, before.folder);
    assert.equal(await node.mirrored(), 20);
    assert.equal((await node.get()).revision, revision);
    assert.equal(node.said.length, 1);
    assert.equal(node.said[0]?.level, "warn");
    assert.match(
      node.said[0]?.text ?? "",
      new RegExp(
        `^etcd does not answer .*; starting with .* last known here, revision ${revision}`,
      ),
    );

    await etcd.start();
    await write(flush(30));
    await applied([node], 30);
    assert.equal(node.said.length, 1);
  });

  it("is the default when a node has never seen etcd, until etcd is there", async (t) => {
    const { etcd, write, read } = await startEtcdWithOperator(t);
    await write(flush(20));
    await etcd.kill();
    const node = await startConfigNode(t, etcd.url);
    assert.deepEqual((await node.get()).config, defaultConfig);
    assert.match(node.said[0]?.text ?? "", /; starting with the defaults/);
    await etcd.start();
    await applied([node], 20);
    assert.deepEqual(await read(), flush(20));
  });

  it("does not change when the document is invalid, which is said once", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const node = await startConfigNode(t, etcd.url);
    await write({ hub: { flush_ms: 1 } });
    await waitFor(() => node.said.length > 0);
    assert.equal(await node.mirrored(), 20);
    await assert.rejects(node.set("hub.slow_close_ms", 5000), { type: "BAD_REQUEST" });

    await etcd.kill();
    await waitFor(() => node.said.length > 1);
    await etcd.start();
    await write(flush(30));
    await applied([node], 30);
    assert.deepEqual(
      node.said.map(({ text }) => text.replace(/\(.*\)/, "(…)")),
      [
        "The stored configuration is not applied: hub.flush_ms must be a number from 5 to 1000.",
        "etcd does not answer (…); the configuration stays as it is.",
      ],
    );
    assert.equal(node.changes.length, 1);
  });

  it("is the last known one when a node starts and the document is invalid", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const before = await startConfigNode(t, etcd.url);
    await write("{");
    await waitFor(() => before.said.length > 0);
    await before.broker.stop();
    const node = await startConfigNode(t, etcd.url, before.folder);
    assert.equal(await node.mirrored(), 20);
    assert.match(node.said[0]?.text ?? "", /config is not JSON/);
  });

  it("is remembered as last known only when it is valid, and readable for people", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    const node = await startConfigNode(t, etcd.url);
    const { revision } = await node.set("hub.flush_ms", 20);
    await write("{");
    await waitFor(() => node.said.length > 0);
    const known = await readFile(join(node.folder, "config.last.json"), "utf8");
    assert.equal(known, `${JSON.stringify({ revision, document: flush(20) }, null, 2)}\n`);
  });

  it("does not take what was last known from a spoilt file", async (t) => {
    const { etcd } = await startEtcdWithOperator(t);
    await etcd.kill();
    for (const text of ["{", "null", '{"revision":7}', '{"revision":7,"document":{"hub":1}}']) {
      const folder = await tempDir(t);
      await writeFile(join(folder, "config.last.json"), text);
      const node = await startConfigNode(t, etcd.url, folder);
      assert.deepEqual(await node.get(), { config: defaultConfig, revision: 0 });
    }
  });

  it("goes back to the defaults when the key is removed", async (t) => {
    const { etcd, write } = await startEtcdWithOperator(t);
    await write(flush(20));
    const node = await startConfigNode(t, etcd.url);
    const operator = openEtcd(etcd.url);
    cleanUp(t, () => operator.close());
    await operator.delete().key(KEY).exec();
    await applied([node], defaultConfig.hub.flush_ms);
  });

  it("lets no node start that etcd refuses, and says so without the password", async (t) => {
    const { etcd } = await startStack(t, { etcd: { auth: true } });
    const wrong = etcd.url.replace(/:[^:@]+@/, ":falsch@");
    const start = startNode(t, { services: [configService], env: { ETCD_URL: wrong } });
    await assert.rejects(start, (error: Error) => {
      assert.match(error.message, /^etcd refuses .*authentication failed/);
      return !error.message.includes("falsch");
    });
  });
});
