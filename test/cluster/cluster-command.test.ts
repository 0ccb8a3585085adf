import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../scripts/stack/free-port.ts";
import { cleanUp } from "../support/cleanup.ts";
import { isAlive } from "../support/is-alive.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { greet } from "../support/rtmp.ts";
import { openShow, sayAccepted } from "../support/show.ts";
import { tempDir } from "../support/temp-dir.ts";
import { watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const CLUSTER = join(import.meta.dirname, "..", "..", "scripts", "cluster.ts");

interface ListedNode {
  name: string;
  pid: number;
  log: string;
}

/** The table of nodes that it prints. */
function nodesIn(output: string): ListedNode[] {
  const rows = output.matchAll(/^ {2}(\w+-\d) +(\d+) +(?:http\S+ +)?(\/\S+)$/gm);
  return Array.from(rows, ([, name = "", pid = "", log = ""]) => ({ name, pid: Number(pid), log }));
}

function pidOf(process: StartedProcess, name: string): number {
  const found = process.output().matchAll(new RegExp(`${name} is back: process (\\d+)`, "g"));
  return Number([...found].at(-1)?.[1]);
}

test("npm run cluster: one address for all, what is killed comes back, and Ctrl-C leaves nothing", async (t) => {
  const rtmp = String(await freePort(new Set()));
  const cluster = await startProcess(t, {
    command: process.execPath,
    args: [CLUSTER, "--port", "0", "--away", "0"],
    env: { SYSTEM_PACKAGES: "off", RTMP_PORT: rtmp, TMPDIR: await tempDir(t) },
    ready: /Ctrl-C stops everything/,
    timeoutMs: 100_000,
  });
  const url = /Web +(http:\/\/localhost:\d+)/.exec(cluster.output())?.[1] ?? "";
  const server = { url, port: Number(new URL(url).port) };
  assert.match(cluster.output(), new RegExp(`RTMP +rtmp://127\\.0\\.0\\.1:${rtmp}/live`));
  await greet(t, Number(rtmp));
  const nodes = nodesIn(cluster.output());
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ["api-1", "api-2", "push-1", "push-2", "rest-1", "rest-2"],
  );

  const show = await openShow(server, 0);
  const viewer = await watch({ port: server.port, liveId: show.liveId });
  cleanUp(t, () => viewer.close());
  const id = await sayAccepted(server, show.owner, show.liveId, "hello");
  await waitFor(() => viewer.ids.includes(id));

  const victim = nodes.find(({ name }) => name === "push-2") as ListedNode;
  process.kill(victim.pid, "SIGKILL");
  const fresh = await waitFor(() => pidOf(cluster, "push-2"), { timeoutMs: 60_000 });
  assert.ok(isAlive(fresh));

  assert.deepEqual(await cluster.stop("SIGINT"), { code: 0, signal: null });
  assert.deepEqual([...nodes.map(({ pid }) => pid), fresh].filter(isAlive), []);
  assert.equal(existsSync(dirname(victim.log)), false);
});
