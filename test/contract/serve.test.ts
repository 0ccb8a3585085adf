import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function settings(t: CleanupScope, env: Record<string, string>) {
  return {
    HOST: "127.0.0.1",
    PORT: "0",
    RTMP_PORT: "0",
    METRICS_PORT: "0",
    DRAIN_SECONDS: "0",
    DATA_DIR: await tempDir(t),
    ...env,
  };
}

/** Starts the product and waits until it has said that it runs. */
async function start(t: CleanupScope, env: Record<string, string> = {}): Promise<StartedProcess> {
  return startProcess(t, {
    command: process.execPath,
    args: [join(ROOT, "scripts/serve.ts")],
    env: await settings(t, env),
    ready: /Ctrl-C/,
  });
}

/** Runs the product where it cannot start, until it ends. */
async function startInVain(t: CleanupScope, env: Record<string, string>): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "scripts/serve.ts")], {
    env: { ...process.env, ...(await settings(t, env)) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanUp(t, () => child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      output[name] += chunk;
    });
  const [code] = await once(child, "close");
  return { code, ...output };
}

async function assertOneSentence(ended: Promise<Ended>, sentence: RegExp): Promise<void> {
  const { code, stderr } = await ended;
  assert.equal(code, 1);
  assert.match(stderr, sentence);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
}

test("says where everything is once it runs, and that is so", async (t) => {
  const server = await start(t);
  const web = /Web +(\S+)/.exec(server.output())?.[1];
  const docs = /API docs +(\S+)/.exec(server.output())?.[1];
  for (const url of [web, docs]) assert.equal((await fetch(url ?? "")).status, 200);
  assert.equal((await fetch(`${web}health/ready`)).status, 200);
  assert.doesNotMatch(server.output(), /rtmp/i, "it takes none");
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} stops it cleanly, and leaves the data folder free`, async (t) => {
    const dataDir = await tempDir(t);
    for (let run = 0; run < 2; run++) {
      const server = await start(t, { DATA_DIR: dataDir });
      assert.deepEqual(await server.stop(signal), { code: 0, signal: null });
    }
  });
}

test("a later second signal ends it at once, whatever it is waiting for", async (t) => {
  const server = await start(t, { DRAIN_SECONDS: "300" });
  const web = /Web +(\S+)/.exec(server.output())?.[1] ?? "";
  await watchSomething(t, web, 30);
  server.child.kill("SIGTERM");
  await waitFor(async () => {
    await assert.rejects(fetch(web));
    return true;
  });
  // Each time later than the last one; those that come too soon count as the first one's echo.
  const again = setInterval(() => server.child.kill("SIGTERM"), 100);
  const { code } = await server.ended;
  clearInterval(again);
  assert.equal(code, 130);
});

test("a signal that is delivered twice is one: the stop goes on in good order", async (t) => {
  const server = await start(t, { DRAIN_SECONDS: "1" });
  const web = /Web +(\S+)/.exec(server.output())?.[1] ?? "";
  await watchSomething(t, web, 5);
  server.child.kill("SIGTERM");
  server.child.kill("SIGINT");
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

/** Opens a room and so many streams of it, one after another of which a stop lets go. */
async function watchSomething(t: CleanupScope, web: string, streams: number): Promise<void> {
  const post = async (path: string, fields: Record<string, string>) =>
    (
      await fetch(web + path, { method: "POST", body: new URLSearchParams(fields) })
    ).json() as Promise<Record<string, string>>;
  const { token = "" } = await post("register", { username: "owner", password: "a long secret" });
  const { live_id } = await post("room/live", { room_name: "r", description: "", token });
  const abort = new AbortController();
  cleanUp(t, () => abort.abort());
  for (let n = 0; n < streams; n++) {
    const stream = await fetch(`${web}message/live?live_id=${live_id}`, { signal: abort.signal });
    assert.equal(stream.status, 200);
  }
}

test("an exception that nobody expected is logged, and ends it with exit code 1", async (t) => {
  const trap = 'process.on("SIGUSR2", () => { throw new Error("a surprise"); })';
  const server = await startProcess(t, {
    command: process.execPath,
    args: ["--import", `data:text/javascript,${trap}`, join(ROOT, "scripts/serve.ts")],
    env: await settings(t, {}),
    ready: /Ctrl-C/,
  });
  assert.deepEqual(await server.stop("SIGUSR2"), { code: 1, signal: null });
  assert.match(server.output(), /uncaught exception.*a surprise/s);
});

test("logs as JSON lines say where it runs, with the fields of each message", async (t) => {
  const server = await startProcess(t, {
    command: process.execPath,
    args: [join(ROOT, "scripts/serve.ts")],
    env: await settings(t, { LOG_FORMAT: "json" }),
    ready: /"msg":"running"/,
  });
  const lines = server.output().trimEnd().split("\n");
  const running = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "running");
  assert.equal((await fetch(`${running.web}/health/ready`)).status, 200);
});

test("a port in use is one sentence and exit code 1", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  cleanUp(t, () => other.close());
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await assertOneSentence(
    startInVain(t, { PORT: String(port), LOG_LEVEL: "warn" }),
    new RegExp(`^molimoli: Port ${port} is in use; set PORT to another one\\.$`, "m"),
  );
});

test("so is a port for video that is in use", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  cleanUp(t, () => other.close());
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await assertOneSentence(
    startInVain(t, { RTMP_PORT: String(port), LOG_LEVEL: "warn" }),
    new RegExp(`^molimoli: Port ${port} is in use; set RTMP_PORT to another one, or to 0 for none`),
  );
});

test("a data folder that cannot be written is one sentence and exit code 1", async (t) => {
  const file = join(await tempDir(t), "file");
  await writeFile(file, "");
  await assertOneSentence(
    startInVain(t, { DATA_DIR: join(file, "data") }),
    /^molimoli: The data folder .* cannot be written \(ENOTDIR\); set DATA_DIR/,
  );
});

test("a data folder in use by another process is one sentence and exit code 1", async (t) => {
  const dataDir = await tempDir(t);
  await start(t, { DATA_DIR: dataDir });
  await assertOneSentence(
    startInVain(t, { DATA_DIR: dataDir, LOG_LEVEL: "warn" }),
    /^molimoli: The data folder is in use by process \d+/,
  );
});

test("a bucket that cannot be reached is one sentence and exit code 1, without its secret", async (t) => {
  const { stderr } = await startInVain(t, { S3_URL: "http://key:hush@127.0.0.1:1/films" });
  assert.match(
    stderr,
    /^molimoli: The bucket "films" of S3_URL cannot be used \(ECONNREFUSED\)\.$/m,
  );
  assert.doesNotMatch(stderr, /hush/);
});

test("wrong settings are named in one sentence", async (t) => {
  await assertOneSentence(
    startInVain(t, { PORT: "http", LOG_LEVEL: "loud" }),
    /^molimoli: The environment has wrong values: PORT .*; LOG_LEVEL /,
  );
});

test("backing services that are not supported yet are refused, not ignored", async (t) => {
  await assertOneSentence(
    startInVain(t, { JAEGER_URL: "http://127.0.0.1:14268" }),
    /^molimoli: This version does not support JAEGER_URL .* yet; leave it unset\.$/m,
  );
});

test("what is asked for in detail comes with a stack", async (t) => {
  const { stderr } = await startInVain(t, { PORT: "http", LOG_LEVEL: "debug" });
  assert.match(stderr, /^ +at /m);
});
