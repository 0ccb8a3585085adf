import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfig } from "../../contracts/config.ts";
import { ProductError } from "../../contracts/errors.ts";
import { type LoadedRoom, Rooms } from "../../services/push/rooms.ts";
import { RecordingPorts, sole } from "../support/actor-ports.ts";
import { RoomAtWork, START_MS, withLimits } from "../support/room-at-work.ts";
import { waitFor } from "../support/wait-for.ts";

const HOUR_MS = 3_600_000;

/** Rooms whose loads the test ends. */
function roomsAt() {
  const ports = new RecordingPorts(() => START_MS);
  const loads: {
    liveId: number;
    lost: () => void;
    done: PromiseWithResolvers<LoadedRoom>;
  }[] = [];
  const rooms = new Rooms((liveId, lost) => {
    const done = Promise.withResolvers<LoadedRoom>();
    loads.push({ liveId, lost, done });
    return done.promise;
  }, ports);
  const loaded = (index = loads.length - 1) =>
    loads[index]?.done.resolve({
      state: new RoomAtWork(defaultConfig).state,
      hold: sole,
      remembered: 0,
    });
  return { rooms, ports, loads, loaded };
}

test("a room is loaded once, however many ask", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const asked = [rooms.get(42), rooms.get(42)];
  loaded();
  const [one, other] = await Promise.all(asked);
  assert.equal(one, other);
  assert.equal(rooms.get(42), one);
  assert.deepEqual(
    loads.map(({ liveId }) => liveId),
    [42],
  );
});

test("rooms are loaded side by side", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const [a, b] = [rooms.get(42), rooms.get(43)];
  assert.deepEqual(
    loads.map(({ liveId }) => liveId),
    [42, 43],
  );
  loaded(1);
  await b;
  loaded(0);
  assert.notEqual(await a, await b);
});

test("a room that could not be loaded is tried again by the next who asks", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const asked = [rooms.get(42), rooms.get(42)];
  loads[0]?.done.reject(new ProductError("ROOM_NOT_FOUND"));
  for (const one of asked) await assert.rejects(async () => one, { type: "ROOM_NOT_FOUND" });
  const again = rooms.get(42);
  loaded();
  assert.equal((await again).state.live_id, 42);
});

test("what happens to a room in memory is told to it at once", async () => {
  const { rooms, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  rooms.tell(42, (actor) => actor.end());
  assert.equal(room.state.ended, true);
});

test("what happens to a room while it wakes up is not missed", async () => {
  const { rooms, loaded } = roomsAt();
  const asked = rooms.get(42);
  // Its card was read before, and says that the show is on.
  rooms.tell(42, (actor) => actor.end());
  loaded();
  await asked;
  assert.equal((await rooms.get(42)).state.ended, true);
});

test("what happens to a room that is not in memory wakes nobody", async () => {
  const { rooms, loads } = roomsAt();
  rooms.tell(42, () => assert.fail());
  assert.deepEqual(loads, []);
});

test("what happens to a room that cannot be loaded is nobody's error", async () => {
  const { rooms, loads } = roomsAt();
  const asked = rooms.get(42);
  rooms.tell(42, () => assert.fail());
  loads[0]?.done.reject(new ProductError("ROOM_NOT_FOUND"));
  await assert.rejects(async () => asked);
});

test("a sweep drops silent gateways, then idle rooms", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  room.watch("gw-1", 3);
  room.close();
  rooms.sweep(START_MS + 1000);
  assert.equal(room.state.audience.viewers, 3);
  rooms.sweep(START_MS + HOUR_MS);
  assert.equal(room.state.audience.viewers, 0);
  room.close();
  rooms.sweep(START_MS + HOUR_MS);

  const anew = rooms.get(42);
  await waitFor(() => loads.length === 2);
  loaded();
  assert.notEqual(await anew, room);
});

test("a sweep in parts comes to every room once, also to those that wake meanwhile", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const waking = (liveId: number) => {
    const asked = rooms.get(liveId);
    loaded(loads.length - 1);
    return asked;
  };
  const all = await Promise.all([40, 41, 42, 43, 44].map(waking));
  for (const room of all) room.watch("gw-1", 3);
  const silent = () => all.filter(({ state }) => state.audience.viewers === 0).length;
  rooms.sweep(START_MS + HOUR_MS, 3);
  assert.equal(silent(), 1);
  rooms.sweep(START_MS + HOUR_MS, 3);
  assert.equal(silent(), 3);
  const late = await waking(45);
  late.watch("gw-1", 3);
  all.push(late);
  rooms.sweep(START_MS + HOUR_MS, 3);
  assert.equal(silent(), 5);
  rooms.sweep(START_MS + HOUR_MS, 3);
  assert.equal(silent(), 6);
});

test("a sweep in parts comes to a lonely room no more often than to others", async () => {
  const { rooms, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  room.watch("gw-1", 3);
  for (let i = 0; i < 19; i++) rooms.sweep(START_MS + HOUR_MS, 20);
  assert.equal(room.state.audience.viewers, 3);
  rooms.sweep(START_MS + HOUR_MS, 20);
  assert.equal(room.state.audience.viewers, 0);
});

test("a changed configuration reaches all rooms", async () => {
  const { rooms, loaded } = roomsAt();
  const asked = [rooms.get(42), rooms.get(43)];
  loaded(0);
  loaded(1);
  const all = await Promise.all(asked);
  rooms.configure(withLimits({}, { flush_ms: 123 }), START_MS);
  assert.deepEqual(
    all.map(({ state }) => state.flushMs),
    [123, 123],
  );
});

test("closing sends what waits", async () => {
  const { rooms, ports, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  room.watch("gw-1", 1);
  await rooms.close();
  assert.deepEqual(ports.audiences, [1]);
});

test("no room wakes once they are closed, and one that is waking is waited for", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const waking = rooms.get(42);
  let closed = false;
  const closing = rooms.close().then(() => {
    closed = true;
  });
  await assert.rejects(async () => rooms.get(43), { type: "UNAVAILABLE" });
  assert.equal(closed, false, "its load still needs the other services");
  loaded();
  await Promise.all([waking, closing]);
  assert.equal(loads.length, 1);
  await assert.rejects(async () => rooms.get(42), { type: "UNAVAILABLE" });
});

test("a room that was lost is forgotten, and claimed anew by the next who asks", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  loads[0]?.lost();
  assert.equal(room.isOwner, false);
  const again = rooms.get(42);
  assert.equal(loads.length, 2);
  loaded();
  assert.notEqual(await again, room);
});

test("a room that was lost while it woke up does not wake up", async () => {
  const { rooms, loads, loaded } = roomsAt();
  const asked = rooms.get(42);
  loads[0]?.lost();
  loaded();
  await assert.rejects(async () => asked, {
    type: "UNAVAILABLE",
    data: { retry_after_ms: 1000, undone: true },
  });
});

test("news that was lost is found by looking", async () => {
  const { rooms, ports, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  const card = { live_id: 42, owner: 900, start_time: 0, is_live: true, muted: [] };
  ports.known = { ...card, muted: [{ user_id: 7, until_ms: START_MS + HOUR_MS }] };
  rooms.sweep(START_MS + 20_000);
  await waitFor(() => room.state.muted.has(7));
  ports.known = { ...card, is_live: false };
  rooms.sweep(START_MS + 40_000);
  await waitFor(() => room.state.ended);
});

test("a mute that is heard while the card is on its way counts more than the card", async () => {
  const { rooms, ports, loaded } = roomsAt();
  const asked = rooms.get(42);
  loaded();
  const room = await asked;
  ports.known = { live_id: 42, owner: 900, start_time: 0, is_live: true, muted: [] };
  const looked = room.look(START_MS + 20_000);
  room.mute(7, START_MS + HOUR_MS);
  await looked;
  assert.ok(room.state.muted.has(7));
});
