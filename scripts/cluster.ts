// A cluster on one machine: `npm run cluster`.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "./bootstrap/failure.mjs";
import { needPrograms } from "./bootstrap/programs.mjs";
import { banner } from "./cluster/banner.ts";
import { Front } from "./cluster/front.ts";
import { NodeGroup, type NodeWishes } from "./cluster/node-group.ts";
import { type ClusterOptions, HELP, readOptions } from "./cluster/options.ts";
import { rtmpAddress } from "./serve/banner.ts";
import { serviceNames } from "./serve/boot.ts";
import { freePort, isFree } from "./stack/free-port.ts";
import { type Death, unexpected } from "./stack/server-process.ts";
import { Stack, type StackPlace } from "./stack/stack.ts";

const SERVERS = ["mariadb-server", "redis-server", "nats-server", "etcd-server"];
/** Viewers of a gateway that leaves come back to the other one over this time. */
const DRAIN_SECONDS = "2";

async function main(options: ClusterOptions, interrupted: AbortSignal): Promise<void> {
  await needPrograms(SERVERS);
  const place = await placeFor(options.keep);
  const stack = await Stack.prepare({ mariadb: true, redis: true, nats: true, etcd: true }, place);
  const rtmpPort = await portForVideo(options.rtmpPort);
  const group = await NodeGroup.prepare(twoOfEach(rtmpPort), join(place.path, "nodes"), {
    ...stack.env,
    DRAIN_SECONDS,
    // Whatever is kept in files, all nodes have to find.
    DATA_DIR: join(place.path, "data"),
  });
  const front = new Front(group.of("api").map((name) => group.node(name).port));
  const ended = once(interrupted);
  try {
    await Promise.race([run({ stack, group, front, rtmpPort }, options, ended), ended]);
  } finally {
    say("\nStopping …");
    await front.close();
    await group.stop();
    await stack.stop();
    say(place.throwAway ? "Stopped; nothing is left." : `Stopped; the data is in ${place.path}.`);
  }
}

/** Rooms and gateways are what one wants to kill: each has nodes of its own. */
function twoOfEach(rtmpPort: number): NodeWishes {
  const rest = serviceNames().filter((name) => name !== "api" && name !== "push");
  const kinds = { api: ["api"], push: ["push"], rest };
  const wishes = Object.entries(kinds).flatMap(([kind, services]) =>
    [1, 2].map((number) => [`${kind}-${number}`, { services }] as const),
  );
  // A port is one process's; the other node has the service, and takes no video.
  const video = { services: rest, env: { RTMP_PORT: String(rtmpPort) } };
  return { ...Object.fromEntries(wishes), "rest-1": video };
}

/** The port asked for, or any other one where somebody has it: nobody came here for that. */
async function portForVideo(wanted: number): Promise<number> {
  return wanted === 0 || (await isFree(wanted)) ? wanted : freePort(new Set());
}

async function placeFor(keep: string | null): Promise<StackPlace> {
  if (keep !== null) return { path: resolve(keep), throwAway: false };
  return { path: await mkdtemp(join(tmpdir(), "molimoli-cluster-")), throwAway: true };
}

interface Parts {
  stack: Stack;
  group: NodeGroup;
  front: Front;
  /** 0: no video is taken. */
  rtmpPort: number;
}

/** Until a server dies; nodes may. */
async function run(
  { stack, group, front, rtmpPort }: Parts,
  { port, awayMs }: ClusterOptions,
  ended: Promise<void>,
): Promise<never> {
  const since = performance.now();
  const seconds = () => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  let stopping = false;
  ended.then(() => {
    stopping = true;
  });
  say("Starting MariaDB, Redis, NATS and etcd …");
  await stack.start((part) => say(`✓ ${part.name} (${seconds()})`));
  say("Starting the nodes …");
  await group.start((name, { pid }) => say(`✓ ${name}: process ${pid} (${seconds()})`));
  const at = await listen(front, port);
  group.onDeath((name, death) => {
    if (!stopping) void bringBack(group, name, death, awayMs, () => stopping);
  });
  const rtmp = rtmpAddress({ host: "127.0.0.1", rtmpPort });
  console.log(banner({ url: `http://localhost:${at}`, rtmp, group, env: stack.env }));
  throw unexpected(await stack.death);
}

async function listen(front: Front, port: number): Promise<number> {
  try {
    return await front.listen(port, "0.0.0.0");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE") throw new Failure(`port ${port} cannot be used: ${message}`);
    throw new Failure(`port ${port} is in use; choose another one with --port`);
  }
}

/** What a supervisor does: a node that ended is started again, under the same name. */
async function bringBack(
  group: NodeGroup,
  name: string,
  { pid, how }: Death,
  awayMs: number,
  stopping: () => boolean,
): Promise<void> {
  say(`✗ ${name} (process ${pid}) is gone: ${how}; it comes back in ${awayMs / 1000} s.`);
  await pause(awayMs, undefined, { ref: false });
  if (stopping()) return;
  const node = group.node(name);
  try {
    await node.start();
    say(`✓ ${name} is back: process ${node.pid}.`);
  } catch (error) {
    if (!stopping()) say(`✗ ${name} did not come back: ${(error as Error).message}`);
  }
}

/** For people: progress and what happens later. */
function say(text: string): void {
  console.error(text);
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => leaving.abort());

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(HELP);
  else await main(options, leaving.signal);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`molimoli: ${error.message}`);
  process.exitCode = 1;
}
