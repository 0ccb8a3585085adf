import { fail } from "../../contracts/errors.ts";
import type { LiveShow, Room, RoomCounters } from "../../contracts/objects.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";

/** A room, as everybody who reads the table gets it. */
export interface RoomRow {
  id: number;
  owner_id: number;
  owner_name: string;
  room_name: string;
  introduction: string;
  cover: string;
  /** Unix seconds. */
  start_time: number;
  /** Unix seconds; 0 while the show is on. */
  end_time: number;
  /** Video comes in until then (Unix ms), unless whoever takes it says so again. */
  stream_until: number;
}

export const noCounters: RoomCounters = {
  peak: 0,
  messages: 0,
  pushed: 0,
  merged: 0,
  suppressed: 0,
};

/** All that is kept of a room. */
export interface StoredRoom extends RoomRow, RoomCounters {
  /** What an encoder has to know to send video here; for the owner only. */
  stream_key: string;
  /** The node that takes the video. */
  stream_by: string;
  /** The owner while the show is on, else null. Unique: that makes one open room per owner. */
  open_owner: number | null;
  /** Which of the owner's turns at the object store the cover is from. */
  cover_turn: number;
}

/** A show that is on, as its owner's followers see it elsewhere. */
export type Show = Pick<RoomRow, "id" | "owner_id" | "owner_name" | "room_name" | "cover">;

/** Where rooms are kept. */
export interface RoomStore {
  /** Adds a room; false when its owner has an open one. */
  insert(room: StoredRoom): Promise<boolean>;
  /** The id of an owner's open room. */
  findOpen(ownerId: number): Promise<number | null>;
  find(id: number): Promise<RoomRow | null>;
  findStreamKey(id: number): Promise<string | null>;
  /** The counters that were kept when the show ended. */
  findCounters(id: number): Promise<RoomCounters | null>;
  /** Those of the given rooms that are live, in no particular order. */
  findLive(ids: number[]): Promise<RoomRow[]>;
  /** The open rooms of those of the owners who have one. */
  findShows(ownerIds: readonly number[]): Promise<Show[]>;
  /** Ids of all rooms that are live. */
  findLiveIds(): Promise<number[]>;
  /** Keeps the counters of a show that is on, unless newer ones are kept already. */
  count(id: number, counters: RoomCounters): Promise<void>;
  /** Gives a room its cover, unless it has one of a later turn. */
  setCover(id: number, cover: string, turn: number): Promise<void>;
  /** Ends a show; false when somebody else ended it first. */
  end(id: number, endTime: number, counters: RoomCounters): Promise<boolean>;
}

/** Who may not speak in a room, and until when (Unix ms). */
export interface Mute {
  user_id: number;
  until_ms: number;
}

export function isLive(room: RoomRow): boolean {
  return room.end_time === 0;
}

/** Refuses everybody but the owner. @throws ProductError NO_ROOM_RIGHT */
export function requireOwner(room: RoomRow, userId: number): void {
  if (room.owner_id !== userId) fail("NO_ROOM_RIGHT");
}

/** Refuses what is possible during the show only. @throws ProductError ROOM_NOT_LIVE */
export function requireLive(room: RoomRow): void {
  if (!isLive(room)) fail("ROOM_NOT_LIVE");
}

/** The room as clients see it at a time (Unix ms). */
export function toRoom(row: RoomRow, viewers: number, nowMs: number): Room {
  return {
    live_id: row.id,
    room_name: row.room_name,
    introduction: row.introduction,
    owner: row.owner_id,
    owner_name: row.owner_name,
    cover: row.cover,
    start_time: row.start_time,
    end_time: row.end_time,
    is_live: isLive(row),
    streaming: isLive(row) && row.stream_until > nowMs,
    viewers: isLive(row) ? viewers : 0,
  };
}

/** The room as its actor sees it. */
export function toCard(row: RoomRow, muted: Mute[], counters: RoomCounters): RoomCard {
  return {
    live_id: row.id,
    owner: row.owner_id,
    start_time: row.start_time,
    is_live: isLive(row),
    muted,
    counters,
  };
}

/** The show as other services see it. */
export function toShow({ id, owner_id, owner_name, room_name, cover }: Show): LiveShow {
  return { live_id: id, owner: owner_id, owner_name, room_name, cover };
}
