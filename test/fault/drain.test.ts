import assert from "node:assert/strict";
import { test } from "node:test";
import { closeCodes } from "../../contracts/close-codes.ts";
import { cleanUp } from "../support/cleanup.ts";
import { unlimited } from "../support/limits.ts";
import { startServer } from "../support/server.ts";
import { history, openShow, type Said, type Show, say, sayAccepted } from "../support/show.ts";
import { type StreamEvent, StreamRefused, Viewer, watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const VIEWERS = 300;
const SENDERS = 6;

interface Farewell {
  bye: Record<string, unknown> | undefined;
  /** When the bye came, on the clock of this process. */
  atMs: number;
}

/** Opens so many streams; what each is told at its end appears in `farewells`. */
async function crowd(port: number, liveId: number, size: number) {
  const farewells: Farewell[] = [];
  const viewers = Array.from({ length: size }, (_, n) => {
    const onEvent = ({ name, data }: StreamEvent) => {
      if (name === "bye") farewells.push({ bye: data, atMs: performance.now() });
    };
    return new Viewer({ port, liveId, gzip: n % 2 === 1, onEvent });
  });
  await Promise.all(viewers.map((viewer) => viewer.opened));
  return { viewers, farewells };
}

/** Talks until the server no longer answers; what came of each message. */
async function talk(server: { url: string; port: number }, { liveId, speakers }: Show) {
  const said: Said[] = [];
  await Promise.all(
    speakers.map(async (speaker) => {
      for (;;) {
        const answer = await say(server, speaker, liveId, `no. ${said.length}`).catch(() => null);
        if (answer === null) return;
        said.push(answer);
      }
    }),
  );
  return said;
}

test("SIGTERM says bye to everyone, spread over the drain, and loses nothing that was accepted", async (t) => {
  const server = await startServer(t, { config: unlimited, env: { DRAIN_SECONDS: "2" } });
  const show = await openShow(server, SENDERS);
  const { liveId } = show;
  const { viewers, farewells } = await crowd(server.port, liveId, VIEWERS);
  cleanUp(t, () => viewers.map((viewer) => viewer.close()));
  const sleeper = new Viewer({ port: server.port, liveId, idle: true });
  cleanUp(t, () => sleeper.close());
  const talking = talk(server, show);
  await waitFor(() => viewers.every(({ ids }) => ids.length > 10), { timeoutMs: 20_000 });

  server.process.child.kill("SIGTERM");
  await waitFor(() => farewells.length > 0);
  const late = await watch({ port: server.port, liveId }).catch((error: Error) => error);
  const stillOpen = viewers.filter(({ isClosed }) => !isClosed).length;
  const end = await server.process.ended;
  const endMs = performance.now();
  const said = await talking;
  await Promise.all(viewers.map((viewer) => viewer.closed));

  assert.deepEqual(end, { code: 0, signal: null });
  assertTurnedAway(late);
  assert.ok(stillOpen > 0, "the newcomers came while others were still watching");

  const { code, reason } = closeCodes.SHUTDOWN;
  assert.equal(farewells.length, VIEWERS, "everyone is told");
  for (const { bye } of farewells) assert.deepEqual(bye, { code, reason, reconnect: true });
  for (const { events } of viewers) assert.equal(events.at(-1)?.name, "bye", "it is the last word");
  assertSpread(
    farewells.map(({ atMs }) => atMs),
    endMs,
  );
  assertJittered(viewers.map(({ retries }) => retries));

  const fresh = await server.again();
  const kept = new Set((await history(fresh, liveId)).map(({ id }) => id));
  const accepted = said.filter(({ status }) => status === 200);
  const lost = accepted.filter(({ id }) => !kept.has(id as number));
  t.diagnostic(`${accepted.length} messages accepted, ${said.length - accepted.length} refused`);
  assert.deepEqual(lost, []);
  for (const { status, headers } of said) {
    if (status === 200) continue;
    assert.equal(status, 503);
    assert.ok(headers.has("retry-after"));
  }
});

/** Somewhere else, or a little later: what a client makes of a closed port or of this answer. */
function assertTurnedAway(outcome: unknown): void {
  if (outcome instanceof StreamRefused) {
    assert.equal(outcome.status, 503);
    assert.match(outcome.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  } else assert.equal((outcome as NodeJS.ErrnoException).code, "ECONNREFUSED");
}

/**
 * Nobody knows how long a drain takes on a busy machine, but they must not all be told at once: most
 * of the time until the process ends is between the first and the last, and they are even in it.
 */
function assertSpread(times: number[], endMs: number): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const span = at(1) - at(0);
  assert.ok(span > (endMs - at(0)) / 2, `all were told within ${span} ms`);
  for (const share of [0.25, 0.5, 0.75]) {
    const part = (at(share) - at(0)) / span;
    assert.ok(Math.abs(part - share) < 0.2, `${share * 100} % were told after ${part} of the time`);
  }
}

/** The server says when to come back: once at the beginning, once with the bye, never in step. */
function assertJittered(retries: number[][]): void {
  assert.deepEqual(new Set(retries.map(({ length }) => length)), new Set([2]));
  const last = retries.map(([, ms]) => ms as number);
  assert.ok(new Set(last).size > last.length / 2, "they are told different times");
  assert.ok(Math.max(...last) > 2 * Math.min(...last), "and quite different ones");
}

test("a later second SIGTERM ends the process at once, and still nothing accepted is lost", async (t) => {
  const server = await startServer(t, { config: unlimited, env: { DRAIN_SECONDS: "300" } });
  const show = await openShow(server, 0);
  const { viewers, farewells } = await crowd(server.port, show.liveId, 30);
  cleanUp(t, () => viewers.map((viewer) => viewer.close()));
  const id = await sayAccepted(server, show.owner, show.liveId, "the last words");

  server.process.child.kill("SIGTERM");
  await waitFor(() => farewells.length > 0);
  // Those that come too soon count as the first one's echo.
  const again = setInterval(() => server.process.child.kill("SIGTERM"), 100);
  const { code } = await server.process.ended;
  clearInterval(again);
  await Promise.all(viewers.map((viewer) => viewer.closed));
  assert.equal(code, 130);
  assert.ok(farewells.length < viewers.length, "most are cut off in the middle");

  const fresh = await server.again();
  assert.deepEqual(
    (await history(fresh, show.liveId)).map((kept) => kept.id),
    [id],
  );
});
