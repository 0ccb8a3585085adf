import { fail } from "../../contracts/errors.ts";
import type { Caller, Room, RoomCounters } from "../../contracts/objects.ts";
import { Lineup } from "./lineup.ts";
import {
  noCounters,
  type RoomRow,
  type RoomStore,
  requireLive,
  requireOwner,
  type Show,
  toRoom,
} from "./room.ts";

export interface RoomsOptions {
  store: RoomStore;
  newId: () => number;
  random: (bytes: number) => Buffer;
}

const STREAM_KEY_BYTES = 24;
/** The room in the way may be closed before it is looked up. */
const OPEN_ATTEMPTS = 3;
/** How often a page is read again because a room on it turned out to have ended. */
const PAGE_ATTEMPTS = 3;

/** Shows, from the moment one is opened. */
export class Rooms {
  readonly lineup = new Lineup();
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** Opens the owner's room. @throws ProductError ROOM_EXISTS with the `live_id` of the open one */
  async open(
    owner: Caller,
    name: string,
    introduction: string,
    nowMs: number,
  ): Promise<{ live_id: number; key: string }> {
    const { store, newId, random } = this.#options;
    const room = {
      id: newId(),
      owner_id: owner.user_id,
      owner_name: owner.username,
      room_name: name,
      introduction,
      cover: "",
      cover_turn: 0,
      stream_key: random(STREAM_KEY_BYTES).toString("base64url"),
      stream_by: "",
      stream_until: 0,
      start_time: Math.floor(nowMs / 1000),
      end_time: 0,
      open_owner: owner.user_id,
      ...noCounters,
    };
    for (let attempt = 1; attempt <= OPEN_ATTEMPTS; attempt++) {
      if (await store.insert(room)) return { live_id: room.id, key: room.stream_key };
      const live_id = await store.findOpen(owner.user_id);
      if (live_id !== null) fail("ROOM_EXISTS", { live_id });
    }
    return fail("ROOM_CREATE_FAILED");
  }

  /** @throws ProductError ROOM_NOT_FOUND */
  async find(id: number): Promise<RoomRow> {
    return (await this.#options.store.find(id)) ?? fail("ROOM_NOT_FOUND");
  }

  /** The room, for its owner's eyes. @throws ProductError ROOM_NOT_FOUND, NO_ROOM_RIGHT */
  async findOwn(id: number, owner: Caller): Promise<RoomRow> {
    const room = await this.find(id);
    requireOwner(room, owner.user_id);
    return room;
  }

  /** Of several covers at once the one of the latest turn stays. */
  setCover(room: RoomRow, cover: string, turn: number): Promise<void> {
    return this.#options.store.setCover(room.id, cover, turn);
  }

  async streamKey(room: RoomRow): Promise<string> {
    return (await this.#options.store.findStreamKey(room.id)) ?? fail("ROOM_NOT_FOUND");
  }

  /** What was last kept of a show's counters. */
  async counters(room: RoomRow): Promise<RoomCounters> {
    return (await this.#options.store.findCounters(room.id)) ?? noCounters;
  }

  count(liveId: number, counters: RoomCounters): Promise<void> {
    return this.#options.store.count(liveId, counters);
  }

  /** Ends a show: of several at once, one succeeds. @throws ProductError ROOM_NOT_LIVE */
  async end(room: RoomRow, endTime: number, counters: RoomCounters): Promise<void> {
    requireLive(room);
    if (!(await this.#options.store.end(room.id, endTime, counters))) fail("ROOM_NOT_LIVE");
  }

  /** The room as clients see it. @throws ProductError ROOM_NOT_FOUND */
  async single(id: number, nowMs: number): Promise<Room> {
    return toRoom(await this.find(id), this.lineup.viewers(id), nowMs);
  }

  /** Who of these owners is live, and where. */
  shows(ownerIds: readonly number[]): Promise<Show[]> {
    return this.#options.store.findShows(ownerIds);
  }

  /** Live rooms by viewers, then the newest first; `total` counts all of them. */
  async page(
    offset: number,
    limit: number,
    nowMs: number,
  ): Promise<{ rooms: Room[]; total: number }> {
    for (let attempt = 1; ; attempt++) {
      const ids = this.lineup.page(offset, limit);
      const found = ids.length > 0 ? await this.#options.store.findLive(ids) : [];
      const rows = new Map(found.map((row) => [row.id, row]));
      const gone = ids.filter((id) => !rows.has(id));
      for (const id of gone) this.lineup.ended(id);
      if (gone.length > 0 && attempt < PAGE_ATTEMPTS) continue;
      const rooms = ids.flatMap((id) => rows.get(id) ?? []);
      return {
        rooms: rooms.map((row) => toRoom(row, this.lineup.viewers(row.id), nowMs)),
        total: this.lineup.size,
      };
    }
  }

  /** Compares the line-up with the database. */
  async reconcile(): Promise<void> {
    const before = this.lineup.ids();
    this.lineup.reconcile(before, await this.#options.store.findLiveIds());
  }
}
