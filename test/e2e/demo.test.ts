import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { LiveMessage } from "../../contracts/objects.ts";
import { DEMO_PASSWORD, DEMO_VIEWER } from "../../scripts/demo/cast.ts";
import { LiveApi } from "../../scripts/lib/live-api.ts";
import { followRoom } from "../../scripts/lib/room-stream.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const DEMO = join(import.meta.dirname, "..", "..", "scripts", "demo.ts");

interface Demo {
  process: StartedProcess;
  api: LiveApi;
  liveId: number;
}

function runDemo(t: CleanupScope, dataDir: string, env: Record<string, string>, args: string[]) {
  return startProcess(t, {
    command: process.execPath,
    args: [DEMO, ...args],
    env: { HOST: "127.0.0.1", METRICS_PORT: "0", DATA_DIR: dataDir, LOG_LEVEL: undefined, ...env },
  });
}

async function startDemo(t: CleanupScope, dataDir: string, args: string[] = []): Promise<Demo> {
  const started = await runDemo(t, dataDir, { PORT: "0" }, [
    "--bots",
    "12",
    "--rate",
    "8",
    ...args,
  ]);
  await waitFor(() => started.output().includes("Ctrl-C stops everything"), {
    timeoutMs: 60_000,
    message: `the banner in:\n${started.output()}`,
  });
  const web = /Web +(http:\/\/\S+)\//.exec(started.output())?.[1] ?? "";
  const liveId = Number(/live_id (\d+)/.exec(started.output())?.[1]);
  return { process: started, api: new LiveApi(web), liveId };
}

/** Watches until `enough` says so; answers the messages, and the numbers of viewers that were told. */
async function watchUntil(
  { api, liveId }: Demo,
  enough: (messages: LiveMessage[], viewers: number[]) => boolean,
): Promise<{ messages: LiveMessage[]; viewers: number[] }> {
  const messages: LiveMessage[] = [];
  const viewers: number[] = [];
  const signal = AbortSignal.timeout(60_000);
  for await (const news of followRoom({
    base: api.base,
    liveId,
    recent: 100,
    signal,
    random: Math.random,
  })) {
    if (news.kind !== "event") continue;
    const data = JSON.parse(news.event.data);
    if (news.event.event === "message") messages.push(data);
    if (news.event.event === "presence") viewers.push(data.viewers);
    if (enough(messages, viewers)) break;
  }
  return { messages, viewers };
}

async function occupy(t: CleanupScope): Promise<number> {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => server.close());
  return (server.address() as { port: number }).port;
}

test("a crowd talks in two languages, sends gifts, watches, and hears of a lottery", async (t) => {
  const demo = await startDemo(t, await tempDir(t));
  const { messages, viewers } = await watchUntil(
    demo,
    (said, watching) =>
      said.length >= 60 &&
      [1, 3].every((wanted) => said.some(({ type }) => type === wanted)) &&
      Math.max(...watching) >= 6,
  );
  const speakers = new Set(messages.map(({ user_name }) => user_name));
  assert.ok(speakers.size >= 6, `${speakers.size} speakers`);
  assert.ok(messages.some(({ content }) => /[\u4e00-\u9fff]/.test(content)));
  assert.ok(messages.some(({ content }) => /^[a-zA-Z ,.'?!]{8,}$/.test(content)));
  assert.ok(Math.max(...viewers) <= 14, "the bots, the streamer and this one");
});

test("the demo keeps to a folder of its own, and says how to sign in", async (t) => {
  const dataDir = await tempDir(t);
  const { api, process: demo, liveId } = await startDemo(t, dataDir);
  assert.deepEqual(await readdir(dataDir), ["demo"]);
  assert.match(demo.output(), new RegExp(`npm run watch -- ${liveId} --url ${api.base}\n`));
  assert.match(
    demo.output(),
    new RegExp(`To sign in +${DEMO_VIEWER} .*password ${DEMO_PASSWORD}\n`),
  );
  assert.ok((await api.login(DEMO_VIEWER, DEMO_PASSWORD)).token);
});

test("Ctrl-C ends everything with success, and the next demo goes on in the same room", async (t) => {
  const dataDir = await tempDir(t);
  const first = await startDemo(t, dataDir);
  const { messages } = await watchUntil(first, (said) => said.length >= 3);
  assert.deepEqual(await first.process.stop("SIGINT"), { code: 0, signal: null });
  assert.match(first.process.output(), /Stopping …\n$/);
  await assert.rejects(first.api.room(first.liveId), /connection refused/);

  const second = await startDemo(t, dataDir);
  assert.equal(second.liveId, first.liveId);
  const before = messages[0]?.id;
  await watchUntil(second, (said) => said.some(({ id }) => id === before));
});

test("a demo that is killed takes its server with it", async (t) => {
  const { process: demo, api, liveId } = await startDemo(t, await tempDir(t));
  demo.child.kill("SIGKILL");
  await waitFor(
    () =>
      api.room(liveId).then(
        () => false,
        () => true,
      ),
    {
      timeoutMs: 20_000,
      message: "the server to be gone",
    },
  );
});

test("when the show is ended another one begins", async (t) => {
  const { process: demo, api, liveId } = await startDemo(t, await tempDir(t));
  const { token } = await api.login("demo_streamer", DEMO_PASSWORD);
  await fetch(`${api.base}/room/live?live_id=${liveId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${token}` },
  });
  await waitFor(() => /another one begins, with the live_id \d+/.test(demo.output()), {
    timeoutMs: 20_000,
  });
});

test("a port that is in use is told in one sentence", async (t) => {
  const port = await occupy(t);
  const demo = await runDemo(t, await tempDir(t), { PORT: String(port) }, []);
  assert.equal((await demo.ended).code, 1);
  assert.match(
    demo.output(),
    new RegExp(`molimoli: port ${port} is in use, .* PORT=${port + 1} npm run demo\n$`),
  );
});

test("a data folder that is in use is told in one sentence", async (t) => {
  const dataDir = await tempDir(t);
  await startDemo(t, dataDir);
  const second = await runDemo(t, dataDir, { PORT: "0" }, []);
  assert.equal((await second.ended).code, 1);
  assert.match(second.output(), /molimoli: The data folder is in use by process \d+; .*\.\n/);
});

test("what is wrong in the environment is told in one sentence", async (t) => {
  const demo = await runDemo(t, await tempDir(t), { PORT: "many" }, []);
  assert.equal((await demo.ended).code, 1);
  assert.match(demo.output(), /molimoli: The environment has a wrong value: PORT must be .*\n$/);
});
