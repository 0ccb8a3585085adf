import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const root = join(import.meta.dirname, "../..");

/** The real server in a process of its own, on a free port and a throw-away data folder. */
export interface BenchServer {
  url: string;
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** @param config overrides of the operator's configuration, e.g. a higher ceiling */
export async function startServer(config: object): Promise<BenchServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "molimoli-bench-"));
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, "config.json"), JSON.stringify(config));
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, "scripts/serve.ts")], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: dataDir,
      RTMP_PORT: "0",
      METRICS_PORT: "0",
      LOG_LEVEL: "warn",
      DRAIN_SECONDS: "0",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url);
  return {
    url,
    port,
    pid: child.pid as number,
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await Promise.race([gone, delay(5000, undefined, { ref: false })]);
      child.kill("SIGKILL");
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error("the server ended while starting");
    const response = await fetch(`${url}/health/ready`).catch(() => null);
    if (response?.ok) return;
    await delay(50);
  }
  throw new Error("the server did not become ready within 10 s");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
    server.on("error", reject);
  });
}

interface Envelope {
  base_resp: { status_code: number; status_msg: string };
}

/** Somewhere to send requests to. */
export type Address = Pick<BenchServer, "url">;

/** One call of the public API; throws on anything but success. */
export async function api<T>(
  server: Address,
  method: string,
  path: string,
  body: object,
  token?: string,
): Promise<T> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Envelope & T;
  if (answer.base_resp.status_code !== 0)
    throw new Error(`${method} ${path}: ${answer.base_resp.status_msg}`);
  return answer;
}

/** Registers users; their access tokens. */
export async function registerUsers(
  server: Address,
  count: number,
  prefix = "bench_user",
): Promise<string[]> {
  const tokens: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = { username: `${prefix}_${i}`, password: "bench password" };
    tokens.push((await api<{ token: string }>(server, "POST", "/register", body)).token);
  }
  return tokens;
}

export async function openRoom(server: Address, token: string): Promise<number> {
  const body = { room_name: "bench", description: "" };
  return (await api<{ live_id: number }>(server, "POST", "/room/live", body, token)).live_id;
}
