import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { unlimited } from "../support/limits.ts";
import { startProcess } from "../support/process.ts";
import { serveCommand, startServer } from "../support/server.ts";
import {
  ask,
  endShow,
  history,
  openShow,
  PASSWORD,
  request,
  say,
  sayAccepted,
} from "../support/show.ts";
import { tempDir } from "../support/temp-dir.ts";
import { watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

test("Ctrl-C keeps everything: accounts, sessions, mutes, what is live and what was said", async (t) => {
  const server = await startServer(t, { config: unlimited });
  const over = await openShow(server, 0);
  await endShow(server, over);
  const show = await openShow(server, 2);
  const { liveId, owner } = show;
  const [guest, muted] = show.speakers as [typeof owner, typeof owner];
  const mute = { live_id: liveId, user_id: muted.userId, seconds: 3_600 };
  await ask(server, "POST", "/room/live/mute", mute, owner.token);
  const said = [await sayAccepted(server, owner, liveId, "before 之前 🌙")];
  const room = await ask(server, "GET", `/room/live/single?live_id=${liveId}`);

  assert.deepEqual(await server.process.stop("SIGINT"), { code: 0, signal: null });
  assert.equal(server.errors(), "");
  const fresh = await server.again();

  const account = { username: guest.name, password: PASSWORD };
  const session = await ask<{ user_id: number }>(fresh, "POST", "/login", account);
  assert.equal(session.user_id, guest.userId);
  assert.deepEqual(await ask(fresh, "GET", `/room/live/single?live_id=${liveId}`), room);
  assert.deepEqual(
    (await history(fresh, liveId)).map(({ content }) => content),
    ["before 之前 🌙"],
  );
  const viewer = await watch({ port: fresh.port, liveId, query: { recent: 10 } });
  cleanUp(t, () => viewer.close());
  said.push(await sayAccepted(fresh, guest, liveId, "with a token of before"));
  await waitFor(() => viewer.ids.length === said.length);
  assert.deepEqual(viewer.ids, said);
  assert.equal((await say(fresh, muted, liveId, "still muted")).status, 403);
  assert.equal((await say(fresh, over.owner, over.liveId, "still over")).status, 409);
  const second = { room_name: "another", description: "" };
  const { status } = await request(fresh, "POST", "/room/live", second, owner.token);
  assert.equal(status, 409, "an owner still has one open room");
});

test("a signal in the middle of the very first start ends it cleanly, and the next one starts", async (t) => {
  const dataDir = await tempDir(t);
  const first = await startProcess(t, {
    ...serveCommand({ DATA_DIR: dataDir, PORT: "0" }),
    // From here on it claims the folder and makes its tables.
    ready: () => existsSync(join(dataDir, "jwt-secret")),
  });
  assert.deepEqual(await first.stop("SIGINT"), { code: 0, signal: null });
  assert.equal(first.output(), "", "nothing to complain about, and nothing is running");

  const next = await startServer(t, { dataDir });
  assert.equal(next.errors(), "");
});

/** Runs the product where it cannot start; what it wrote. */
async function startInVain(t: CleanupScope, env: Record<string, string>): Promise<string> {
  const process = await startProcess(t, serveCommand({ PORT: "0", ...env }));
  assert.deepEqual(await process.ended, { code: 1, signal: null });
  return process.output().trimEnd();
}

test("a database that is none is one sentence and exit code 1", async (t) => {
  const dataDir = await tempDir(t);
  const file = join(dataDir, "molimoli.sqlite");
  await writeFile(file, "a letter to my grandmother. ".repeat(1_000));
  const sentence = await startInVain(t, { DATA_DIR: dataDir });
  assert.equal(
    sentence,
    `molimoli: The database ${file} cannot be used (SQLITE_NOTADB: file is not a database).`,
  );
});

test("a database that cannot even be opened is one sentence and exit code 1", async (t) => {
  const dataDir = await tempDir(t);
  await mkdir(join(dataDir, "molimoli.sqlite"));
  const sentence = await startInVain(t, { DATA_DIR: dataDir });
  assert.match(sentence, /^molimoli: The database .*molimoli\.sqlite cannot be used \(.*\)\.$/);
});

test("a database server that does not answer is one sentence, without the password", async (t) => {
  const url = `mysql://somebody:secret@127.0.0.1:${await closedPort()}/molimoli`;
  const sentence = await startInVain(t, { DATA_DIR: await tempDir(t), DATABASE_URL: url });
  assert.match(
    sentence,
    /^molimoli: The database of DATABASE_URL cannot be used \(connect ECONNREFUSED .*\)\.$/,
  );
  assert.doesNotMatch(sentence, /secret/);
});

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
