import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { requireProgram } from "../../scripts/bootstrap/programs.mjs";
import { LastWill } from "../../scripts/stack/last-will.ts";
import { redisNode } from "../../scripts/stack/redis-node.ts";
import { ServerProcess } from "../../scripts/stack/server-process.ts";
import { StackFolder } from "../../scripts/stack/stack-folder.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { tempDir } from "./temp-dir.ts";

const GROUP = "live";
/** Silence after which a Sentinel takes a server for dead, in milliseconds. */
const DOWN_AFTER_MS = 500;

/** A master and its replica, and one Sentinel that watches them. */
export async function startSentinel(t: CleanupScope) {
  const stack = new StackFolder(await tempDir(t));
  const password = stack.secret("redis");
  const nodes: ServerProcess[] = [];
  const [masterPort, replicaPort] = [await stack.port("master"), await stack.port("replica")];
  for (const [name, port] of Object.entries({ master: masterPort, replica: replicaPort })) {
    const settings = [`masterauth ${password}`, "repl-diskless-sync-delay 0"];
    if (name === "replica") settings.push(`replicaof 127.0.0.1 ${masterPort}`);
    nodes.push(redisNode({ name, folder: stack.of(name), port, password, settings }));
  }
  const [master, replica] = nodes as [ServerProcess, ServerProcess];
  const sentinel = await sentinelProcess(stack, masterPort, password);

  const will = new LastWill(null);
  cleanUp(t, () => will.execute());
  for (const server of [master, replica, sentinel]) {
    server.on("started", (pid) => will.add(pid));
    server.on("ended", (pid) => will.remove(pid));
    cleanUp(t, () => server.stop("SIGKILL"));
    await server.start();
  }
  const url = `redis+sentinel://:${password}@127.0.0.1:${sentinel.port}?name=${GROUP}&sentinel_password=${password}`;
  return { master, replica, sentinel, url };
}

async function sentinelProcess(
  stack: StackFolder,
  masterPort: number,
  password: string,
): Promise<ServerProcess> {
  const folder = stack.of("sentinel");
  const port = await stack.port("sentinel");
  const file = join(folder, "sentinel.conf");
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${folder}`,
    `sentinel monitor ${GROUP} 127.0.0.1 ${masterPort} 1`,
    `sentinel auth-pass ${GROUP} ${password}`,
    `sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${GROUP} 5000`,
    "",
  ];
  writeFileSync(file, lines.join("\n"), { mode: 0o600 });
  const url = `redis://:${password}@127.0.0.1:${port}`;
  return new ServerProcess({
    name: "Sentinel",
    command: requireProgram("redis-server"),
    args: [file, "--sentinel"],
    folder,
    url,
    probe: () => knowsReplica(url),
  });
}

async function knowsReplica(url: string): Promise<void> {
  const sentinel = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  sentinel.on("error", () => {});
  try {
    const replicas = (await sentinel.call("SENTINEL", "replicas", GROUP)) as string[][];
    const [fields = []] = replicas;
    if (fields[fields.indexOf("master-link-status") + 1] !== "ok")
      throw new Error("the replica does not follow the master yet");
  } finally {
    sentinel.disconnect();
  }
}
