import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../contracts/config.ts";
import type { CleanupScope } from "./cleanup.ts";
import { type StartedProcess, startProcess } from "./process.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Whatever is set where the tests run, the server is the embedded one. */
export const NOTHING_OUTSIDE = Object.fromEntries(
  [
    "NATS_URL",
    "DATABASE_URL",
    "DATABASE_READ_URL",
    "REDIS_URL",
    "ETCD_URL",
    "DISCOVERER",
    "S3_URL",
    "JAEGER_URL",
    "DRAND_URL",
    "JWT_SECRET",
    "TRUST_PROXY",
    "CHAT_FRIENDS_ONLY",
  ].map((name) => [name, undefined]),
);

/** What an operator writes into config.json: any part of the configuration. */
export type ConfigPart = { [S in keyof Config]?: Partial<Config[S]> };

export interface Server {
  url: string;
  port: number;
  dataDir: string;
  process: StartedProcess;
  /** What it logged as errors since it was ready; as long as all is well there is nothing. */
  errors(): string;
  /** Puts another config.json in place, as an operator would; it takes effect a moment later. */
  configure(config: ConfigPart): Promise<void>;
  /** Starts another process with the same folder, port and environment; this one has to be gone. */
  again(): Promise<Server>;
}

export interface ServerSetup {
  /** Without it, and with a folder of before, what is there stays. */
  config?: ConfigPart;
  env?: Record<string, string>;
  /** One that was used before; without it an empty one. */
  dataDir?: string;
  port?: number;
  /** With the operator's console, see {@link console}. */
  repl?: boolean;
}

/** Starts the product as `npm start` does and waits until it is ready. */
export async function startServer(t: CleanupScope, setup: ServerSetup = {}): Promise<Server> {
  const { config = {}, env = {}, port: wanted = 0, repl = false } = setup;
  const dataDir = setup.dataDir ?? (await tempDir(t));
  const configure = (part: ConfigPart) => replaceFile(join(dataDir, "config.json"), part);
  if (setup.config !== undefined || setup.dataDir === undefined) await configure(config);
  const command = serveCommand({ PORT: String(wanted), DATA_DIR: dataDir, ...env });
  const process = await startProcess(t, {
    ...command,
    args: [...command.args, ...(repl ? ["--repl"] : [])],
    input: repl,
    ready: (output) => addressIn(output) !== undefined,
    timeoutMs: 60_000,
  });
  const url = addressIn(process.output()) as string;
  await waitFor(() => isReady(url), { message: "the server to be ready" });
  const port = Number(new URL(url).port);
  const startedAt = process.output().length;
  const errors = () => process.output().slice(startedAt);
  const again = () => startServer(t, { env, dataDir, port });
  return { url, port, dataDir, process, errors, configure, again };
}

/** What `npm start` runs, in an environment of its own. */
export function serveCommand(env: Record<string, string>) {
  return {
    command: process.execPath,
    args: [join(ROOT, "scripts", "serve.ts")],
    cwd: ROOT,
    env: {
      ...NOTHING_OUTSIDE,
      HOST: "127.0.0.1",
      RTMP_PORT: "0",
      METRICS_PORT: "0",
      LOG_LEVEL: "error",
      LOG_FORMAT: "pretty",
      DRAIN_SECONDS: "0",
      ...env,
    },
  };
}

/** Where the server says it is, once it runs. */
function addressIn(output: string): string | undefined {
  return /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`, { headers: { connection: "close" } });
  await answer.arrayBuffer();
  return answer.ok;
}

/** Never seen half written by who reads it meanwhile. */
export async function replaceFile(file: string, content: object): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(content));
  await rename(`${file}.new`, file);
}
