import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Env, readEnv } from "../../lib/env.ts";
import { Failure } from "../bootstrap/failure.mjs";
import { LiveApi } from "../lib/live-api.ts";

/** The product's own server, as a process of its own. */
export interface DemoServer {
  api: LiveApi;
  /** The address for a browser on this machine. */
  web: string;
  dataDir: string;
  /** Resolves when the process is gone, for whatever reason. */
  ended: Promise<void>;
  /** Lets it stop as `Ctrl-C` would; after some time by force. */
  stop(): Promise<void>;
}

const START_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** Beyond what the server takes to let its viewers go. */
const STOP_MS = 10_000;
/** Of what the server complains about: enough to say why it did not start. */
const COMPLAINTS = 4_000;

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts the server on the demo's own data, a folder inside the data folder: nobody's real rooms are
 * touched. It uses no backing services, whatever the environment says.
 *
 * @throws Failure when the port is taken or the server does not start
 */
export async function startServer(
  vars: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<DemoServer> {
  const env = readEnv(vars);
  const port = await freePort(env);
  const dataDir = join(env.dataDir, "demo");
  const child = spawn(
    process.execPath,
    ["--import", join(import.meta.dirname, "end-with-parent.ts"), join(root, "scripts/serve.ts")],
    {
      cwd: root,
      env: { ...vars, ...settings(vars), PORT: String(port), DATA_DIR: dataDir },
      // A group of its own: Ctrl-C is told to the demo, which says goodbye before the server goes.
      detached: true,
      stdio: ["ignore", vars.LOG_LEVEL === undefined ? "ignore" : "inherit", "pipe", "ipc"],
    },
  );
  const complaints = listen(child);
  const ended = once(child, "exit").then(() => undefined);
  const stop = () => stopChild(child, ended, env.drainSeconds);
  const everywhere = env.host === "0.0.0.0" || env.host === "::";
  const host = env.host.includes(":") ? `[${env.host}]` : env.host;
  // By number: "localhost" may lead to another server, on the other kind of address.
  const api = new LiveApi(`http://${everywhere ? "127.0.0.1" : host}:${port}`);
  try {
    await ready(api, child, signal);
  } catch (error) {
    await stop();
    if (signal.aborted || !(error instanceof Failure)) throw error;
    const why = complaints
      .text()
      .trim()
      .replace(/^molimoli: /, "");
    throw new Failure(why === "" ? error.message : why);
  }
  complaints.pass();
  return { api, web: `http://${everywhere ? "localhost" : host}:${port}`, dataDir, ended, stop };
}

/** What the demo decides for its server. */
function settings(vars: Readonly<Record<string, string | undefined>>) {
  const embedded = Object.fromEntries(
    [
      "NATS_URL",
      "DATABASE_URL",
      "DATABASE_READ_URL",
      "REDIS_URL",
      "ETCD_URL",
      "DISCOVERER",
      "S3_URL",
    ].map((name) => [name, undefined]),
  );
  return {
    ...embedded,
    RTMP_PORT: "0",
    LOG_LEVEL: vars.LOG_LEVEL ?? "warn",
    DRAIN_SECONDS: vars.DRAIN_SECONDS ?? "1",
  };
}

/**
 * The port to use. Looked at before the server starts, so that another server that answers there is
 * not taken for ours.
 */
async function freePort({ port, host }: Env): Promise<number> {
  const probe = createServer();
  try {
    probe.listen({ port, host, exclusive: true });
    await once(probe, "listening");
    return (probe.address() as { port: number }).port;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw new Failure(String(error));
    throw new Failure(
      `port ${port} is in use, maybe by "npm start"; stop that, or give the demo another one: ` +
        `PORT=${port + 1} npm run demo`,
    );
  } finally {
    probe.close();
  }
}

async function ready(api: LiveApi, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (child.exitCode === null && child.signalCode === null) {
    if (await api.isReady(signal)) return;
    if (performance.now() > deadline)
      throw new Failure(`the server was not ready within ${START_MS / 1000} s`);
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new Failure("the server ended before it was ready");
}

/** Keeps what the server complains about while it starts; later passes it on. */
function listen(child: ChildProcess): { text(): string; pass(): void } {
  let text = "";
  let passing = false;
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    if (passing) process.stderr.write(chunk);
    else text = (text + chunk).slice(-COMPLAINTS);
  });
  return {
    text: () => text,
    pass() {
      passing = true;
      process.stderr.write(text);
    },
  };
}

async function stopChild(
  child: ChildProcess,
  ended: Promise<void>,
  drainSeconds: number,
): Promise<void> {
  child.kill("SIGTERM");
  const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_MS + drainSeconds * 1000);
  await ended;
  clearTimeout(overdue);
}
