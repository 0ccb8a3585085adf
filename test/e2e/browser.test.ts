import assert from "node:assert/strict";
import { after, test } from "node:test";
import { constants, inflateRawSync } from "node:zlib";
import { openPage, startBrowser } from "../support/browser.ts";
import { cleanUp } from "../support/cleanup.ts";
import { unlimited } from "../support/limits.ts";
import { startServer } from "../support/server.ts";
import { endShow, openShow, sayAccepted } from "../support/show.ts";
import { Viewer } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const TEXTS = [
  "前方高能！！！",
  "👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈",
  "zwölf Boxkämpfer jagen Viktor",
  "لا إله",
  '<b>&amp;</b> "quoted" \\n',
  "two\nlines",
];

const scope = { after };
const server = await startServer(scope, { config: unlimited, env: { DRAIN_SECONDS: "2" } });
const browser = await startBrowser(scope);

/** Whether a block of a compressed stream refers to what came before it. */
function isContinuing(block: Buffer): boolean {
  try {
    inflateRawSync(block, { finishFlush: constants.Z_SYNC_FLUSH });
    return false;
  } catch {
    return true;
  }
}

test("a browser decodes the compressed stream message by message, whoever joined when", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const path = `/message/live?live_id=${liveId}`;
  const audience = await openPage(browser, server.url);
  cleanUp(t, () => audience.page.close());
  const encodings: Promise<string | null>[] = [];
  audience.page.on("response", (response) => {
    if (response.url().endsWith(path)) encodings.push(response.headerValue("content-encoding"));
  });

  /** Watches the same bytes, to see which kinds of blocks were sent. */
  const kinds = new Set<boolean>();
  const witness = new Viewer({
    port: server.port,
    liveId,
    gzip: true,
    onBlock: (block) => kinds.add(isContinuing(block)),
  });
  cleanUp(t, () => witness.close());
  await witness.opened;

  const viewers: { name: string; since: number }[] = [];
  const join = async (how: "watchByEventSource" | "watchByFetch") => {
    const name = `viewer ${viewers.length + 1}, ${how}`;
    await audience[how](name, path);
    viewers.push({ name, since: said.length });
  };
  const said: { id: number; content: string }[] = [];
  const speak = async () => {
    const content = `${said.length} ${TEXTS[said.length % TEXTS.length]}`;
    const id = await sayAccepted(server, owner, liveId, content);
    said.push({ id, content });
    // Nobody has to wait for the next message to see this one.
    for (const { name } of viewers)
      await audience.sees(name, ({ messages }) => messages.at(-1)?.id === id, `message ${id}`);
  };

  await join("watchByEventSource");
  await join("watchByFetch");
  for (const _ of TEXTS) await speak();
  await join("watchByFetch");
  await join("watchByEventSource");
  // Newcomers get in step within a second or so; go on until blocks of both kinds were sent since.
  kinds.clear();
  await waitFor(() => speak().then(() => kinds.size === 2), {
    timeoutMs: 60_000,
    message: "blocks of both kinds",
  });
  for (const _ of TEXTS) await speak();

  for (const { name, since } of viewers) {
    const { messages } = await audience.seen(name);
    const expected = said.slice(since).map(({ id, content }) => ({ id, content, cursor: id }));
    assert.deepEqual(messages, expected, name);
  }
  const fetched = await audience.seen("viewer 2, watchByFetch");
  assert.equal(fetched.encoding, "gzip");
  assert.deepEqual(await Promise.all(encodings), ["gzip", "gzip", "gzip", "gzip"]);
  assert.deepEqual(witness.faults, []);
});

test("the start page lists the rooms that are live, and shows the danmaku of one", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const page = await browser.newPage();
  cleanUp(t, () => page.close());
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await sayAccepted(server, owner, liveId, "<b>said before</b> 之前");

  await page.goto(server.url);
  await page.locator("#rooms button", { hasText: owner.name }).click();
  await page.locator("#messages li", { hasText: "<b>said before</b> 之前" }).waitFor();
  await sayAccepted(server, owner, liveId, "said now 现在 👍🏽");
  await page.locator("#messages li", { hasText: "said now 现在 👍🏽" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("an EventSource comes back after a restart and goes on where it was, and stops at the end", async (t) => {
  const show = await openShow(server, 0);
  const { liveId, owner } = show;
  const audience = await openPage(browser, `${server.url}/docs`);
  cleanUp(t, () => audience.page.close());
  await audience.watchByEventSource("it", `/message/live?live_id=${liveId}`);
  const ids = [await sayAccepted(server, owner, liveId, "before the restart 之前")];
  await audience.sees("it", ({ messages }) => messages.length === 1, "the first message");

  server.process.child.kill("SIGTERM");
  await audience.sees("it", ({ events }) => events.includes("bye"), "the bye");
  await server.process.ended;
  const fresh = await startServer(t, { dataDir: server.dataDir, port: server.port });
  for (let n = 0; n < 20; n++)
    ids.push(await sayAccepted(fresh, owner, liveId, `while it was away, no. ${n} 🛰`));
  await audience.sees("it", ({ messages }) => messages.length >= ids.length, "to be back");
  ids.push(await sayAccepted(fresh, owner, liveId, "after the restart 之后"));
  const back = await audience.sees(
    "it",
    ({ messages }) => messages.length >= ids.length,
    "the last",
  );

  assert.deepEqual(
    back.messages.map(({ id }) => id),
    ids,
    "nothing twice, nothing missing",
  );
  assert.equal(back.opens, 2);

  await endShow(fresh, show);
  const over = await audience.sees("it", ({ state }) => state === 2, "to be closed");
  assert.deepEqual(over.events, ["bye", "end"]);
});
