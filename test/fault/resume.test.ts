import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Chance, chance } from "../support/chance.ts";
import { cleanUp } from "../support/cleanup.ts";
import { Follower } from "../support/follower.ts";
import { unlimited } from "../support/limits.ts";

import { startServer } from "../support/server.ts";
import { openShow, type Show, sayAccepted, sayMany, stats } from "../support/show.ts";
import { watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const FOLLOWERS = 100;
const MESSAGES = 2_000;
/** Slow enough that people come and go all the time while it lasts. */
const PER_SECOND = 600;
/** A follower stays away for at most so many messages at a time … */
const LONGEST_ABSENCE = 400;
/** … is back before it has missed so many … */
const MOST_MISSED = 600;
/** … and nobody talks on while somebody is further behind than this: the tail holds about 1,000. */
const FURTHEST_BEHIND = 800;
/** Messages between two looks at who is how far behind. */
const ROUND = 100;

const WORDS = [
  "哈哈哈",
  "前排",
  "gg",
  "👍🏽",
  "what a play",
  "第一次来",
  "id: 7",
  "data:",
  "é",
  "👨‍👩‍👧",
];

const server = await startServer({ after }, { config: unlimited });

test("whoever is cut off in the middle of anything and resumes sees every message once and in order", async (t) => {
  const random = chance(t);
  const show = await openShow(server, 8);
  const { liveId } = show;
  const first = await sayAccepted(server, show.owner, liveId, "the first");
  /** The place of each message, by its id, as somebody sees it who is never cut off. */
  const places = new Map([[first, 0]]);
  const steady = await watch({
    port: server.port,
    liveId,
    onEvent: ({ id }) => id !== null && places.set(id, places.size),
  });
  cleanUp(t, () => steady.close());

  let over = false;
  const place = (cursor: number) => places.get(cursor) ?? 0;
  const followers = Array.from({ length: FOLLOWERS }, (_, n) => {
    const gzip = n % 2 === 1;
    const follower = new Follower({
      port: server.port,
      liveId,
      cursor: first,
      // A compressed stream has far fewer bytes for the same events.
      connection: () => ({ gzip, cutAfter: random.whole(1, gzip ? 8_000 : 40_000) }),
      byParameter: () => random.next() < 0.5,
      away: async (cursor) => {
        const back = Math.min(
          places.size + random.whole(0, LONGEST_ABSENCE),
          place(cursor) + MOST_MISSED,
        );
        await waitFor(() => over || places.size >= back, { timeoutMs: 30_000 });
      },
    });
    cleanUp(t, () => follower.stop());
    return follower;
  });
  const furthestBehind = () => Math.min(...followers.map(({ cursor }) => place(cursor)));
  const ids: number[] = [];
  while (ids.length < MESSAGES) {
    await waitFor(() => ids.length - furthestBehind() < FURTHEST_BEHIND, { timeoutMs: 30_000 });
    const content = (n: number) => `${ids.length + n} ${sentence(random)}`;
    const talk = { count: ROUND, perSecond: PER_SECOND, content };
    ids.push(...(await sayMany(server, show, talk)));
  }
  over = true;
  await waitFor(() => furthestBehind() === MESSAGES, {
    timeoutMs: 30_000,
    message: "every follower to have seen the last message",
  });
  await Promise.all(followers.map((follower) => follower.stop()));
  const connections = followers.reduce((sum, follower) => sum + follower.connections, 0);
  t.diagnostic(`${connections} streams for ${FOLLOWERS} followers`);

  assert.deepEqual(steady.ids, ids, "who stays connected sees everything");
  for (const [n, follower] of followers.entries()) {
    assert.equal(follower.resets, 0, `follower ${n} was never away for too long`);
    assert.deepEqual(follower.faults, []);
    assert.deepEqual(follower.ids, ids, `follower ${n}`);
  }
  assert.ok(connections > 3 * FOLLOWERS, "connections were lost again and again");
});

test("a cursor that the tail does not reach back to is answered with reset, then live", async (t) => {
  const show = await openShow(server, 4);
  const { liveId } = show;
  const first = await sayAccepted(server, show.owner, liveId, "the first");
  // Keeps the room in the gateway's memory.
  const steady = await watch({ port: server.port, liveId });
  cleanUp(t, () => steady.close());
  const ids = await sayMany(server, show, { count: 1_500, perSecond: 10_000, content: String });
  await waitFor(() => steady.ids.length === ids.length);

  for (const gzip of [false, true]) {
    const late = await watch({ port: server.port, liveId, gzip, lastEventId: first });
    cleanUp(t, () => late.close());
    const next = await sayAccepted(server, show.owner, liveId, "after the reset");
    await waitFor(() => late.ids.length > 0);
    assert.deepEqual(late.of("reset"), [{ reason: "too far behind" }]);
    assert.deepEqual(late.ids, [next], "nothing of the past is mixed in");
  }
});

test("a cursor in the tail is resumed also when it lies far back", async (t) => {
  const show = await openShow(server, 4);
  const { liveId } = show;
  const ids = await sayMany(server, show, { count: 1_500, perSecond: 10_000, content: String });
  const late = await watch({ port: server.port, liveId, lastEventId: ids[599] as number });
  cleanUp(t, () => late.close());
  await waitFor(() => late.cursor === ids.at(-1));
  assert.deepEqual(late.of("reset"), []);
  assert.deepEqual(late.ids, ids.slice(600));
});

for (const [what, cursor] of [
  ["lies in the future", Number.MAX_SAFE_INTEGER],
  ["is no number", "abc"],
  ["has more digits than any id", "99999999999999999999"],
] as const) {
  test(`a Last-Event-ID that ${what} is answered with reset, then live`, async (t) => {
    const { liveId, owner } = await openShow(server, 0);
    await sayAccepted(server, owner, liveId, "the first");
    const viewer = await watch({ port: server.port, liveId, lastEventId: cursor });
    cleanUp(t, () => viewer.close());
    const next = await sayAccepted(server, owner, liveId, "the second");
    await waitFor(() => viewer.ids.length > 0);
    assert.deepEqual(viewer.of("reset"), [{ reason: "unknown cursor" }]);
    assert.deepEqual(viewer.ids, [next]);
  });
}

/** An accepted message waits a moment for its flush; who comes meanwhile gets it as a live one. */
async function pushed(show: Show, count: number): Promise<void> {
  await waitFor(async () => (await stats(server, show)).pushed === count);
}

test("recent=N starts with the last N messages, or with all if there are fewer", async (t) => {
  const show = await openShow(server, 0);
  const { liveId, owner } = show;
  const ids: number[] = [];
  for (let n = 0; n < 7; n++) ids.push(await sayAccepted(server, owner, liveId, `no. ${n}`));
  await pushed(show, ids.length);
  for (const [recent, expected] of [
    [1, ids.slice(-1)],
    [5, ids.slice(-5)],
    [100, ids],
  ] as const) {
    const viewer = await watch({ port: server.port, liveId, query: { recent } });
    cleanUp(t, () => viewer.close());
    await waitFor(() => viewer.ids.length >= expected.length);
    assert.deepEqual(viewer.ids, expected);
  }
});

test("without a cursor a stream begins with what is said from then on", async (t) => {
  const show = await openShow(server, 0);
  const { liveId, owner } = show;
  await sayAccepted(server, owner, liveId, "before");
  await pushed(show, 1);
  const viewer = await watch({ port: server.port, liveId });
  cleanUp(t, () => viewer.close());
  const next = await sayAccepted(server, owner, liveId, "after");
  await waitFor(() => viewer.ids.length > 0);
  assert.deepEqual(viewer.ids, [next]);
});

test("a viewer resumes across a restart of the server, also what was said while it was away", async (t) => {
  const old = await startServer(t, { config: unlimited });
  const show = await openShow(old, 2);
  const { liveId } = show;
  const before = await watch({ port: old.port, liveId, gzip: true });
  const ids = await sayMany(old, show, { count: 50, perSecond: 10_000, content: String });
  await waitFor(() => before.ids.length === ids.length);
  before.close();
  ids.push(...(await sayMany(old, show, { count: 30, perSecond: 10_000, content: String })));
  await old.process.stop();

  const fresh = await old.again();
  ids.push(await sayAccepted(fresh, show.owner, liveId, "after the restart"));
  ids.sort((a, b) => a - b);
  const resumed = await watch({ port: fresh.port, liveId, lastEventId: before.cursor, gzip: true });
  cleanUp(t, () => resumed.close());
  await waitFor(() => resumed.cursor === ids.at(-1));
  assert.deepEqual(resumed.of("reset"), []);
  assert.deepEqual([...before.ids, ...resumed.ids], ids);
});

function sentence(random: Chance): string {
  const words = Array.from({ length: random.whole(1, 30) }, () => random.pick(WORDS));
  return words.join(random.next() < 0.2 ? "\n" : " ");
}
