import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { LiveApi } from "../../scripts/lib/live-api.ts";
import type { CleanupScope } from "../support/cleanup.ts";
import { type StartedProcess, startProcess } from "../support/process.ts";
import { startServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

const WATCH = join(import.meta.dirname, "..", "..", "scripts", "watch.ts");

/** Runs the program in a pipe, as people do with `| grep`. */
function runWatch(t: CleanupScope, args: string[]): Promise<StartedProcess> {
  return startProcess(t, { command: process.execPath, args: [WATCH, ...args] });
}

async function result(t: CleanupScope, args: string[]) {
  const watch = await runWatch(t, args);
  const { code } = await watch.ended;
  return { code, output: watch.output() };
}

/** A server with one room, in which somebody can talk. */
async function roomOn(t: CleanupScope) {
  const server = await startServer(t);
  const api = new LiveApi(server.url);
  const { token } = await api.register("streamer", "correct horse");
  const { live_id } = await api.openRoom(token, { room_name: "First show", description: "Hello" });
  const say = (content: string) => api.send(token, live_id, { type: 0, content });
  const end = () =>
    fetch(`${server.url}/room/live?live_id=${live_id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
    });
  return { server, api, token, live_id, say, end };
}

function seen(watch: StartedProcess, text: string): Promise<unknown> {
  return waitFor(() => watch.output().includes(text), {
    timeoutMs: 20_000,
    message: `"${text}" in:\n${watch.output()}`,
  });
}

test("a room is shown from its recent past to its end", async (t) => {
  const { server, live_id, say, end } = await roomOn(t);
  await say("before anyone watched");
  const watch = await runWatch(t, [String(live_id), "--url", server.url]);
  await seen(watch, "before anyone watched");
  await say("你好 👋");
  await seen(watch, "streamer 你好 👋");
  await end();
  const { code } = await watch.ended;
  const text = watch.output();
  assert.match(
    text,
    /First show\n Hello\n by streamer · 0 watching · on air for 0:\d\d · live_id \d+\n/,
  );
  assert.match(text, /— 1 watching —/);
  assert.match(text, /— the show is over —\n$/);
  assert.equal(code, 0);
  assert.ok(!text.includes("\x1b"), "no colours and no cursor movements in a pipe");
});

test("a viewer survives a restart of the server, and misses and repeats nothing", async (t) => {
  const { server, live_id, say, token } = await roomOn(t);
  const watch = await runWatch(t, [String(live_id), "--url", server.url]);
  await say("first");
  await seen(watch, "first");
  await server.process.stop();
  await seen(watch, "trying again");
  const again = await server.again();
  await new LiveApi(again.url).send(token, live_id, { type: 0, content: "second" });
  await seen(watch, "second");
  await seen(watch, "connected again");
  assert.equal(watch.output().split("first").length, 2);
});

test("Ctrl-C leaves with success", async (t) => {
  const { server, live_id } = await roomOn(t);
  const watch = await runWatch(t, [String(live_id), "--url", server.url]);
  await seen(watch, "1 watching");
  assert.deepEqual(await watch.stop("SIGINT"), { code: 0, signal: null });
});

test("other programs get one JSON object per line", async (t) => {
  const { server, live_id, say, end } = await roomOn(t);
  const watch = await runWatch(t, [String(live_id), "--url", server.url, "--json"]);
  await seen(watch, "presence");
  const id = await say("你好");
  await seen(watch, "你好");
  await end();
  await watch.ended;
  const events = watch
    .output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const message = events.find(({ event }) => event === "message");
  assert.equal(message.id, id);
  assert.equal(message.data.content, "你好");
  assert.deepEqual(events.at(-1), { event: "end", id: null, data: {} });
});

test("without a room the rooms that are live are listed", async (t) => {
  const { server, live_id, end } = await roomOn(t);
  const listed = await result(t, ["--url", server.url]);
  assert.equal(listed.code, 0);
  assert.match(listed.output, new RegExp(`${live_id} +First show +by streamer · 0 watching`));
  await end();
  const none = await result(t, ["--url", server.url]);
  assert.deepEqual(none, { code: 0, output: `No room is live at ${server.url}.\n` });
});

test("what cannot be watched is told in one sentence", async (t) => {
  const { server, live_id, end } = await roomOn(t);
  const unknown = await result(t, ["42", "--url", server.url]);
  assert.deepEqual(unknown, {
    code: 1,
    output:
      "molimoli: there is no room with that live_id; without one, the rooms that are live are listed\n",
  });
  await end();
  const over = await result(t, [String(live_id), "--url", server.url]);
  assert.deepEqual(over, { code: 1, output: 'molimoli: the show "First show" is over\n' });
  await server.process.stop();
  const nobody = await result(t, ["42", "--url", server.url]);
  assert.equal(nobody.code, 1);
  assert.match(
    nobody.output,
    /^molimoli: No molimoli server answers at http\S+ \(connection refused\)\.\n$/,
  );
});
