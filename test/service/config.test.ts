import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Context, LogLevels, ServiceSchema } from "moleculer";
import { call } from "../../contracts/call.ts";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { configMixin } from "../../mixins/config.mixin.ts";
import configService from "../../services/config/config.service.ts";
import { startNode } from "../support/node.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** A node with the config service, what it broadcast and what it logged as errors. */
async function start(t: TestContext, text?: string) {
  const folder = await tempDir(t);
  const file = join(folder, "config.json");
  if (text !== undefined) await writeFile(file, text);
  const changes: Config[] = [];
  const errors: string[] = [];
  const listener: ServiceSchema = {
    name: "listener",
    mixins: [configMixin],
    dependencies: ["config"],
    actions: {
      config() {
        return this.config;
      },
    },
    events: {
      "config.changed"(ctx: Context<{ config: Config }>) {
        changes.push(ctx.params.config);
      },
    },
  };
  const broker = await startNode(t, {
    services: [configService, listener],
    env: { DATA_DIR: folder, LOG_LEVEL: "error" },
    options: { logger: recordErrors(errors) },
  });
  const current = async () => (await call(broker, "config.get", {})).config;
  const set = (key: string, value: unknown) => call(broker, "config.set", { key, value });
  return { folder, file, broker, changes, errors, current, set };
}

/** A logger that keeps what the config service says is wrong. */
function recordErrors(errors: string[]) {
  return {
    type: "Console" as const,
    options: {
      level: "error" as LogLevels,
      formatter: (type: string, args: unknown[], bindings: { mod: string }) => {
        if (type === "error" && bindings.mod === "config") errors.push(String(args[0]));
        return [];
      },
    },
  };
}

describe("config", () => {
  it("starts with the defaults and makes an empty file to put changes into", async (t) => {
    const { current, file } = await start(t);
    assert.deepEqual(await current(), defaultConfig);
    assert.equal(await readFile(file, "utf8"), "{}\n");
  });

  it("shows every key with its default beside the file", async (t) => {
    const { folder } = await start(t);
    const shown = await readFile(join(folder, "config.defaults.json"), "utf8");
    assert.deepEqual(JSON.parse(shown), defaultConfig);
  });

  it("leaves a file alone that is there already", async (t) => {
    const text = '{ "limiter": {"room_rate": 42} }';
    const { current, file } = await start(t, text);
    assert.equal((await current()).limiter.room_rate, 42);
    assert.equal(await readFile(file, "utf8"), text);
  });

  it("applies a changed file and broadcasts it once", async (t) => {
    const { file, changes, current } = await start(t);
    await writeFile(file, '{"words":{"refuse":["广告"]}}');
    await waitFor(() => changes.length > 0);
    assert.deepEqual((await current()).words.refuse, ["广告"]);
    await writeFile(file, '{"words":{"refuse":["spam"]}}');
    await waitFor(() => changes.at(-1)?.words.refuse[0] === "spam");
    assert.equal(changes.length, 2);
  });

  it("is mirrored by services with the config mixin, at their start and on each change", async (t) => {
    const { broker, set } = await start(t, '{"hub":{"flush_ms":20}}');
    const mirrored = async () => (await broker.call<Config, object>("listener.config", {})).hub;
    assert.equal((await mirrored()).flush_ms, 20);
    await set("hub.flush_ms", 30);
    await waitFor(async () => (await mirrored()).flush_ms === 30);
  });

  it("is mirrored also when it changes while the mirroring service starts", async (t) => {
    const { broker, set } = await start(t);
    broker.createService({
      name: "slow",
      mixins: [configMixin],
      actions: {
        config() {
          return this.config;
        },
      },
      // After the mixin has asked, before the service hears events.
      async started() {
        await set("hub.flush_ms", 30);
      },
    });
    await broker.waitForServices("slow");
    const mirrored = async () => (await broker.call<Config, object>("slow.config", {})).hub;
    await waitFor(async () => (await mirrored()).flush_ms === 30);
  });

  it("does not broadcast a file that says the same in other words", async (t) => {
    const { broker, file, changes } = await start(t, '{"hub":{"flush_ms":20}}');
    const { revision } = await call(broker, "config.get", {});
    await writeFile(file, '{"limiter":{}, "hub":{"flush_ms":20.0}}');
    await waitFor(async () => (await call(broker, "config.get", {})).revision !== revision);
    assert.deepEqual(changes, []);
  });

  it("keeps the last good configuration when the file becomes invalid, and says once why", async (t) => {
    const { file, changes, errors, current, set } = await start(t, '{"hub":{"flush_ms":20}}');
    await writeFile(file, '{"hub":{"flush_ms":1,"flash":2},"limits":{}}');
    await waitFor(() => errors.length > 0);
    assert.equal((await current()).hub.flush_ms, 20);
    await assert.rejects(set("hub.flush_ms", 30), { type: "BAD_REQUEST" });

    await writeFile(file, '{"hub":{"flush_ms":40}}');
    await waitFor(() => changes.length > 0);
    assert.equal((await current()).hub.flush_ms, 40);
    assert.deepEqual(errors, [
      "The stored configuration is not applied: hub.flush_ms must be a number from 5 to 1000; " +
        "hub.flash is not a known key; limits is not a known section.",
    ]);
    assert.equal(changes.length, 1);
  });

  it("starts with the defaults when the file is invalid from the beginning", async (t) => {
    const { errors, current, file } = await start(t, "{");
    assert.deepEqual(await current(), defaultConfig);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /config is not JSON/);
    assert.equal(await readFile(file, "utf8"), "{");
  });

  it("says why when the file cannot be read, and goes on when it can", async (t) => {
    const { folder, file, errors, changes } = await start(t);
    await rm(file);
    // A folder in its place cannot be read by anyone, not even by root.
    await mkdir(file);
    await waitFor(() => errors.length > 0);
    assert.match(errors[0] ?? "", /config cannot be read: EISDIR/);
    await rm(file, { recursive: true });
    await writeFile(join(folder, "config.json"), '{"hub":{"flush_ms":20}}');
    await waitFor(() => changes.length > 0);
    assert.equal(errors.length, 1);
  });

  it("goes back to the defaults when the file is removed", async (t) => {
    const { file, changes, current } = await start(t, '{"hub":{"flush_ms":20}}');
    await rm(file);
    await waitFor(() => changes.length > 0);
    assert.deepEqual(await current(), defaultConfig);
  });

  it("sets one value, at once, in the file and for everyone", async (t) => {
    const { broker, file, changes, current, set } = await start(t, '{"words":{"mask":["x"]}}');
    const answer = await set("limiter.room_rate", 50);
    assert.equal(answer.config.limiter.room_rate, 50);
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), {
      words: { mask: ["x"] },
      limiter: { room_rate: 50 },
    });
    assert.equal((await current()).limiter.room_rate, 50);
    assert.equal((await call(broker, "config.get", {})).revision, answer.revision);
    await waitFor(() => changes.length > 0);
    assert.equal(changes.length, 1);
  });

  it("does not take its own writing for another change", async (t) => {
    const { file, changes, set } = await start(t);
    await set("limiter.room_rate", 50);
    await writeFile(file, '{"limiter":{"room_rate":60}}');
    await waitFor(() => changes.at(-1)?.limiter.room_rate === 60);
    assert.deepEqual(
      changes.map((config) => config.limiter.room_rate),
      [50, 60],
    );
  });

  it("loses none of many values that are set at the same time", async (t) => {
    const { current, set } = await start(t);
    const keys = ["user_rate", "user_burst", "room_rate", "room_rate_min", "merge_window_ms"];
    await Promise.all(keys.map((key, i) => set(`limiter.${key}`, 10 + i)));
    const { limiter } = await current();
    assert.deepEqual(
      keys.map((key) => limiter[key as keyof typeof limiter]),
      [10, 11, 12, 13, 14],
    );
  });

  it("keeps an edit by hand that it has not seen yet when a value is set", async (t) => {
    const { file, current, set } = await start(t);
    await writeFile(file, '{"hub":{"flush_ms":20}}');
    await set("limiter.room_rate", 50);
    const { hub, limiter } = await current();
    assert.deepEqual([hub.flush_ms, limiter.room_rate], [20, 50]);
  });

  it("refuses a bad value by the name of its key and changes nothing", async (t) => {
    const { folder, file, changes, current, set } = await start(t);
    for (const [key, value, problem] of [
      ["limiter.room_rate", 0, "must be a number from 1 to 100000"],
      ["limiter.room_rate", "50", "must be a number from 1 to 100000"],
      ["limiter.nothing", 1, "is not a known key"],
      ["features.guests", "no", "must be a boolean"],
    ] as const)
      await assert.rejects(set(key, value), {
        type: "BAD_REQUEST",
        data: { fields: [{ field: key, problem }] },
      });
    assert.deepEqual(await current(), defaultConfig);
    assert.equal(await readFile(file, "utf8"), "{}\n");
    assert.deepEqual(changes, []);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes("config")),
      ["config.defaults.json", "config.json"],
    );
  });

  it("remembers what was set over a restart", async (t) => {
    const folder = await tempDir(t);
    const first = await startNode(t, { services: [configService], env: { DATA_DIR: folder } });
    const { revision } = await call(first, "config.set", { key: "hub.flush_ms", value: 33 });
    await first.stop();
    const second = await startNode(t, { services: [configService], env: { DATA_DIR: folder } });
    const again = await call(second, "config.get", {});
    assert.deepEqual([again.config.hub.flush_ms, again.revision], [33, revision]);
  });

  it("is not reachable through the gateway", async (t) => {
    const { broker } = await start(t);
    for (const action of ["config.get", "config.set"]) {
      const endpoint = broker.findNextActionEndpoint(action);
      assert.equal("action" in endpoint && endpoint.action.visibility, "public");
    }
  });
});
