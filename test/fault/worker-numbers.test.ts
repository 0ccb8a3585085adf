import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { idWorker } from "../../lib/ids.ts";
import { type Chance, chance } from "../support/chance.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { redisClient } from "../support/redis-client.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const PROGRAM = join(import.meta.dirname, "..", "support", "id-maker.ts");
const NODES = 10;

/** Nodes that make ids on one Redis, each into a file of its own. */
async function makers(t: TestContext, redisUrl: string, { whole }: Chance) {
  const folder = await tempDir(t);
  const files: string[] = [];

  async function start(): Promise<StartedProcess> {
    const file = join(folder, `${files.length}`);
    files.push(file);
    return startProcess(t, {
      command: process.execPath,
      args: [PROGRAM],
      env: { REDIS_URL: redisUrl, FILE: file, SKEW_MS: `${whole(-400, 400)}` },
      ready: /worker \d+/,
      timeoutMs: 60_000,
    });
  }
  const idsOf = (file: string) => {
    const bytes = readFileSync(file);
    const count = Math.floor(bytes.length / 8);
    return Array.from({ length: count }, (_, i) => bytes.readDoubleLE(i * 8));
  };
  return { start, ids: () => files.map(idsOf) };
}

function assertGood(nodes: number[][]): void {
  for (const ids of nodes)
    for (let i = 1; i < ids.length; i++) assert.ok((ids[i] ?? 0) > (ids[i - 1] ?? 0), "ascending");
  const all = nodes.flat();
  assert.equal(new Set(all).size, all.length, "no id twice");
}

it("no id twice while ten nodes leave, die, freeze and join, and Redis is flushed and restarted", async (t) => {
  const { redis: server } = await startStack(t, { redis: true });
  const { redis } = redisClient(t, server.url);
  const luck = chance(t);
  const { start, ids } = await makers(t, server.url, luck);
  const made = () => ids().flat().length;

  const [frozen, ...nodes] = await Promise.all(Array.from({ length: NODES }, start));
  frozen?.child.kill("SIGSTOP");
  const frozenAt = performance.now();

  async function replace(signal: NodeJS.Signals): Promise<void> {
    const leaving = luck.pick(nodes);
    nodes.splice(nodes.indexOf(leaving), 1);
    const [, joining] = await Promise.all([leaving.stop(signal), start()]);
    nodes.push(joining);
  }

  for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM", "SIGTERM"] as const) await replace(signal);
  await redis.flushall();
  await Promise.all([replace("SIGTERM"), replace("SIGKILL")]);
  await server.kill();
  const joining = replace("SIGTERM");
  await server.start();
  await joining;

  // Past its lease, so that its number goes to somebody else.
  await waitFor(() => performance.now() > frozenAt + 11_000, { timeoutMs: 20_000 });
  for (let i = 0; i < 3; i++) nodes.push(await start());
  frozen?.child.kill("SIGCONT");
  const before = made();
  await waitFor(() => made() > before + 20_000, { timeoutMs: 30_000, intervalMs: 100 });
  await Promise.all([frozen, ...nodes].map((node) => node?.stop()));

  const nodesIds = ids();
  assertGood(nodesIds);
  const uses = nodesIds.flatMap((some) => [...new Set(some.map(idWorker))]);
  t.diagnostic(`${nodesIds.flat().length} ids of ${nodesIds.length} nodes, ${uses.length} terms`);
  assert.ok(new Set(uses).size < uses.length, "numbers went from node to node");
  assert.ok((nodesIds[0]?.length ?? 0) > 0);
});
