import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Failure } from "./bootstrap/failure.mjs";
import { needPrograms } from "./bootstrap/programs.mjs";
import { HELP, readOptions, type StackOptions } from "./stack/options.ts";
import type { Part, StackPlan } from "./stack/plan.ts";
import { unexpected } from "./stack/server-process.ts";
import { Stack, type StackPlace } from "./stack/stack.ts";

const PACKAGES: Record<keyof StackPlan, string> = {
  mariadb: "mariadb-server",
  redis: "redis-server",
  nats: "nats-server",
  etcd: "etcd-server",
};

async function main({ plan, keep }: StackOptions, interrupted: AbortSignal): Promise<void> {
  await needPrograms(
    Object.entries(plan).flatMap(([name, wish]) => (wish ? PACKAGES[name as keyof StackPlan] : [])),
  );
  const place = await placeFor(keep);
  const stack = await Stack.prepare(plan, place);
  try {
    await Promise.race([run(stack, place), aborted(interrupted)]);
  } finally {
    say("\nStopping …");
    await stack.stop();
    say(place.throwAway ? "Stopped; nothing is left." : `Stopped; the data is in ${place.path}.`);
  }
}

async function placeFor(keep: string | null): Promise<StackPlace> {
  if (keep !== null) return { path: resolve(keep), throwAway: false };
  return { path: await mkdtemp(join(tmpdir(), "molimoli-stack-")), throwAway: true };
}

/** Until a server dies. */
async function run(stack: Stack, { path, throwAway }: StackPlace): Promise<never> {
  const since = performance.now();
  say(`Starting the stack in ${path} …`);
  await stack.start((part) => say(progress(part, since)));
  say(
    `\n  The stack is up after ${seconds(since)}. For a file .env, or for a shell after "set -a":\n`,
  );
  for (const [name, value] of Object.entries(stack.env)) console.log(`${name}=${value}`);
  say(`\n  Ctrl-C stops it${throwAway ? " and removes the folder" : ""}.`);
  throw unexpected(await stack.death);
}

function progress({ name, nodes }: Part, since: number): string {
  const where = nodes.map(({ port, pid }) => `port ${port}, process ${pid}`).join("; ");
  return `✓ ${name}: ${where} (${seconds(since)})`;
}

/** @param since a performance.now() */
function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** For people: stdout is for the variables. */
function say(text: string): void {
  console.error(text);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => leaving.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await main(options, leaving.signal);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`molimoli: ${error.message}`);
  process.exitCode = 1;
}
