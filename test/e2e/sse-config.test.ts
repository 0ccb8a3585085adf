import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { unlimited } from "../support/limits.ts";
import { refusedStream } from "../support/refusal.ts";
import { startServer } from "../support/server.ts";
import { type Account, openShow, sayAccepted } from "../support/show.ts";
import { StreamRefused, type Viewer, type ViewerOptions, watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

// One server, reconfigured by every test while it runs. A test waits until its own configuration
// does what it should, and must not mind that the one before it lingers for a moment.
const server = await startServer({ after }, { config: unlimited });
const { port } = server;

async function join(
  t: CleanupScope,
  liveId: number,
  account: Account,
  more: Partial<ViewerOptions> = {},
): Promise<Viewer> {
  const viewer = await watch({ port, liveId, query: { token: account.token }, ...more });
  cleanUp(t, () => viewer.close());
  return viewer;
}

test("repeats are folded: others see a count, the sender its own message, without an id", async (t) => {
  const { liveId, owner, speakers } = await openShow(server, 2);
  const [first, second] = speakers as [Account, Account];
  await server.configure({ limiter: { ...unlimited.limiter, merge_window_ms: 60_000 } });
  const guest = await join(t, liveId, owner);
  const one = await join(t, liveId, first);
  const two = await join(t, liveId, second, { gzip: true });

  // The configuration is in force when a repeat is no longer pushed.
  let id = 0;
  let text = "";
  for (let n = 0; guest.of("merged").length === 0; n++) {
    text = `666 ${n}`;
    id = await sayAccepted(server, first, liveId, text);
    const repeat = await sayAccepted(server, second, liveId, text);
    await waitFor(() => guest.ids.includes(repeat) || guest.of("merged").length > 0);
  }
  assert.deepEqual(guest.of("merged"), [{ id, count: 1 }]);
  const again = await sayAccepted(server, second, liveId, text);
  await waitFor(() => guest.of("merged").length === 2 && two.of("message").at(-1)?.id === again);

  assert.deepEqual(guest.of("merged").at(-1), { id, count: 2 });
  assert.equal(guest.ids.at(-1), id, "nobody is pushed the repeats");
  assert.deepEqual(
    withoutPresence(one),
    withoutPresence(guest),
    "who said it first is told as all",
  );
  assert.deepEqual(
    two.events.filter(({ name }) => name === "message").map((event) => event.id),
    [...guest.ids, null, null],
    "to its sender a repeat comes without an id: it is no cursor",
  );
});

function withoutPresence(viewer: Viewer) {
  return viewer.events.filter(({ name }) => name !== "presence");
}

test("what the room's ceiling leaves out is still shown to its sender", async (t) => {
  const { liveId, owner, speakers } = await openShow(server, 1);
  const [speaker] = speakers as [Account];
  await server.configure({ limiter: { ...unlimited.limiter, room_rate: 1, room_rate_min: 1 } });
  const guest = await join(t, liveId, owner);
  const self = await join(t, liveId, speaker);

  const said: number[] = [];
  const own = () => self.events.filter(({ name, id }) => name === "message" && id === null);
  await waitFor(
    async () => {
      const some = Array.from({ length: 30 }, (_, n) =>
        sayAccepted(server, speaker, liveId, `no. ${said.length + n}`),
      );
      said.push(...(await Promise.all(some)));
      return own().length > 0;
    },
    { message: "the ceiling to be in force" },
  );
  await waitFor(() => self.of("message").length === said.length);

  const seen = self.of("message").map(({ id }) => id);
  assert.deepEqual(new Set(seen), new Set(said), "the sender sees everything, once");
  assert.deepEqual(guest.ids, self.ids, "everybody sees what was pushed");
  assert.ok(guest.ids.length < said.length);
  assert.equal(guest.of("message").length, guest.ids.length, "and nothing else");
});

test("guests can be kept out; who is signed in may watch", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  await server.configure({ ...unlimited, features: { guests: false } });
  await waitFor(() => refusedStream("NEED_LOGIN", { port, liveId }), {
    message: "guests to be kept out",
  });
  await join(t, liveId, owner);
  const header = { Authorization: `Bearer ${owner.token}` };
  await join(t, liveId, owner, { query: {}, headers: header });
});

test("compression can be switched off, and streams that have it keep it", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const gzip = true;
  await server.configure(unlimited);
  const old = await waitFor(() => join(t, liveId, owner, { gzip }));
  await server.configure({ ...unlimited, features: { compression: false } });
  const plain = await waitFor(async () => {
    const viewer = await join(t, liveId, owner, { gzip });
    return viewer.headers.has("content-encoding") ? null : viewer;
  });
  assert.equal(old.headers.get("content-encoding"), "gzip");
  const id = await sayAccepted(server, owner, liveId, "to all 大家");
  await waitFor(() => old.ids.includes(id) && plain.ids.includes(id));
  assert.deepEqual([...old.faults, ...plain.faults], []);
});

test("the number of streams can be limited, and the limit raised", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const inside = [await join(t, liveId, owner), await join(t, liveId, owner)];
  await server.configure({ ...unlimited, hub: { max_viewers: 2 } });
  await untilRefused(liveId);
  const { headers } = await refusedStream("TOO_MANY_VIEWERS", { port, liveId });
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  const id = await sayAccepted(server, owner, liveId, "hello inside");
  await waitFor(() => inside.every(({ ids }) => ids.includes(id)));

  await server.configure({ ...unlimited, hub: { max_viewers: 3 } });
  const third = await waitFor(() => join(t, liveId, owner), { message: "the limit to be raised" });
  await refusedStream("TOO_MANY_VIEWERS", { port, liveId });
  third.close();
  await waitFor(() => join(t, liveId, owner), { message: "the place to be free" });
});

test("so can the number of new streams in a second, to no loss of those who are there", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  await server.configure(unlimited);
  const inside = await waitFor(() => join(t, liveId, owner));
  await server.configure({ ...unlimited, hub: { accept_rate: 1, accept_burst: 1 } });
  await untilRefused(liveId);
  const id = await sayAccepted(server, owner, liveId, "hello inside");
  await waitFor(() => inside.ids.includes(id));
  await waitFor(() => join(t, liveId, owner), { message: "a newcomer to get in later" });
});

/** Opens streams, and closes them again, until one is refused as one too many. */
async function untilRefused(liveId: number): Promise<void> {
  await waitFor(
    async () => {
      const outcome = await watch({ port, liveId }).catch((error: unknown) => error);
      if (outcome instanceof StreamRefused) return outcome.status === 503;
      (outcome as Viewer).close();
      return false;
    },
    { message: "the limit to be in force" },
  );
}
