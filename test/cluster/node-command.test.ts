import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { serviceNames } from "../../scripts/serve/boot.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { NOTHING_OUTSIDE } from "../support/server.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const NODE = join(import.meta.dirname, "..", "..", "scripts", "node.ts");
const ALL = serviceNames().join(", ");

const { env } = await startStack({ after }, { mariadb: true, redis: true, nats: true });

/** Runs what `npm run node` runs. */
async function runNode(
  t: CleanupScope,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  ready?: RegExp,
): Promise<StartedProcess> {
  return startProcess(t, {
    command: process.execPath,
    args: [NODE, ...args],
    env: {
      ...NOTHING_OUTSIDE,
      HOST: "127.0.0.1",
      PORT: "0",
      RTMP_PORT: "0",
      METRICS_PORT: "0",
      LOG_LEVEL: "warn",
      DATA_DIR: await tempDir(t),
      ...env,
    },
    ...(ready === undefined ? {} : { ready }),
    timeoutMs: 60_000,
  });
}

/** What a node says that does not start. */
async function refusal(t: CleanupScope, args: readonly string[], env = {}): Promise<string> {
  const node = await runNode(t, args, env);
  assert.deepEqual(await node.ended, { code: 1, signal: null });
  return node.output().trimEnd();
}

describe("npm run node", () => {
  it("says which services there are when it is told none", async (t) => {
    assert.equal(
      await refusal(t, []),
      `molimoli: Say which services this node runs, e.g. "npm run node -- api"; the services are ${ALL}.`,
    );
  });

  it("says which services there are when it is told one that is not there", async (t) => {
    assert.equal(
      await refusal(t, ["push", "pull"]),
      `molimoli: There is no service "pull"; the services are ${ALL}.`,
    );
  });

  it("says what it cannot share with other nodes", async (t) => {
    assert.match(
      await refusal(t, ["push"]),
      /^molimoli: A node needs NATS_URL, DATABASE_URL, REDIS_URL: what several nodes share; .*\.$/,
    );
  });

  it("explains itself", async (t) => {
    const node = await runNode(t, ["--help"]);
    assert.deepEqual(await node.ended, { code: 0, signal: null });
    assert.match(node.output(), /npm run node -- push message/);
  });
});

describe("a node", () => {
  it("says what it waits for, and can be stopped meanwhile", async (t) => {
    const node = await runNode(t, ["push"], env, /^Waiting for .*\bconfig, live, message/m);
    assert.deepEqual(await node.stop("SIGINT"), { code: 0, signal: null });
  });

  it("goes on once what it waits for is there, and runs exactly what it was told", async (t) => {
    const push = await runNode(t, ["push"], env, /^Waiting for .*\bconfig, live, message/m);
    await runNode(t, ["message", "live,config"], env, /^Node \S+ .* runs config, live, message;/m);
    await waitFor(() => /^Node \S+ .* runs push; Ctrl-C/m.test(push.output()), {
      timeoutMs: 30_000,
    });
    assert.deepEqual(await push.stop("SIGTERM"), { code: 0, signal: null });
  });

  it("does not start as something else because of Moleculer's own variables", async (t) => {
    const node = await runNode(t, ["config"], { ...env, SERVICES: "user" });
    cleanUp(t, () => node.stop());
    assert.equal((await node.ended).code, 1);
    assert.match(node.output(), /^molimoli: .*SERVICES/m);
  });

  it("takes one port for its gateway and says where it is", async (t) => {
    const all = serviceNames();
    const node = await runNode(t, all, env, /^Node .* at http:\/\/127\.0\.0\.1:\d+\//m);
    const [url = ""] = /http:\/\/[\d.:]+/.exec(node.output()) ?? [];
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    assert.deepEqual(await node.stop("SIGTERM"), { code: 0, signal: null });
  });
});
