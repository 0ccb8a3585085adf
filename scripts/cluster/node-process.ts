import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "../stack/server-process.ts";

const SCRIPT = fileURLToPath(new URL("../node.ts", import.meta.url));
/** Nodes wait for one another, and six of them start on one machine at once. */
const READY_MS = 120_000;

/** One node of a cluster. */
export interface NodePlan {
  /** What people call it: "push-1". */
  name: string;
  services: readonly string[];
  /** Of its gateway; null where it has none. */
  port: number | null;
  /** Where its data folder and its log are made. */
  folder: string;
  env: Readonly<Record<string, string>>;
}

/**
 * A node as a process of its own, which can be killed, frozen and started again like the servers. It
 * is ready when all of its services run, and its gateway reaches all services it needs.
 */
export function nodeProcess({ name, services, port, folder, env }: NodePlan): ServerProcess {
  const home = join(folder, name);
  const data = join(home, "data");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const url = `http://127.0.0.1:${port ?? 0}`;
  const node: ServerProcess = new ServerProcess({
    name,
    command: process.execPath,
    args: [SCRIPT, ...services],
    env: {
      ...compiled(),
      HOST: "127.0.0.1",
      PORT: String(port ?? 0),
      RTMP_PORT: "0",
      METRICS_PORT: "0",
      LOG_FORMAT: "pretty",
      DATA_DIR: data,
      ...env,
    },
    folder: home,
    url,
    readyMs: READY_MS,
    async probe(pid) {
      if (!node.log().includes(`(process ${pid}) runs `)) throw new Error("it is starting");
      if (port !== null) await probeGateway(url);
    },
  });
  return node;
}

/** What this process may use of what was compiled before, its nodes may too. */
function compiled(): Record<string, string> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

async function probeGateway(url: string): Promise<void> {
  const answer = await fetch(`${url}/health/ready`, { headers: { connection: "close" } });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error("its gateway is not ready");
}

/** How a node names itself in the cluster; null before it has started. */
export function nodeIdOf(node: ServerProcess): string | null {
  const mark = ` (process ${node.pid}) runs `;
  const line = node
    .log()
    .split("\n")
    .findLast((text) => text.includes(mark));
  return line === undefined ? null : line.slice("Node ".length, line.indexOf(mark));
}
