import { type ModelStatic, UniqueConstraintError } from "sequelize";
import type { RoomModel } from "./room.model.ts";
import type { FinalCounters, RoomRow, StoredRoom } from "./room.ts";

type Rooms = ModelStatic<RoomModel>;

/** Every column but the stream key, which is read only where its owner asks for it. */
const ROOM = [
  "id",
  "owner_id",
  "owner_name",
  "room_name",
  "introduction",
  "cover",
  "start_time",
  "end_time",
] as const satisfies (keyof RoomRow)[];
const COUNTERS = [
  "peak",
  "messages",
  "pushed",
  "merged",
  "suppressed",
] as const satisfies (keyof FinalCounters)[];

/** Adds a room; false when its owner has an open one, which only the unique index can know. */
export async function insertRoom(rooms: Rooms, room: StoredRoom): Promise<boolean> {
  try {
    await rooms.create(room);
    return true;
  } catch (error) {
    if (error instanceof UniqueConstraintError) return false;
    throw error;
  }
}

/** The id of an owner's open room. */
export async function findOpenRoom(rooms: Rooms, ownerId: number): Promise<number | null> {
  const where = { open_owner: ownerId };
  const found = await rooms.findOne({ attributes: ["id"], where, raw: true });
  return (found as { id: number } | null)?.id ?? null;
}

export async function findRoom(rooms: Rooms, id: number): Promise<RoomRow | null> {
  const found = await rooms.findOne({ attributes: [...ROOM], where: { id }, raw: true });
  return found as RoomRow | null;
}

export async function findStreamKey(rooms: Rooms, id: number): Promise<string | null> {
  const found = await rooms.findOne({ attributes: ["stream_key"], where: { id }, raw: true });
  return (found as { stream_key: string } | null)?.stream_key ?? null;
}

/** The counters that were kept when the show ended. */
export async function findCounters(rooms: Rooms, id: number): Promise<FinalCounters | null> {
  const found = await rooms.findOne({ attributes: [...COUNTERS], where: { id }, raw: true });
  return found as FinalCounters | null;
}

/** Those of the given rooms that are live, in no particular order. */
export async function findLiveRooms(rooms: Rooms, ids: number[]): Promise<RoomRow[]> {
  const where = { id: ids, end_time: 0 };
  const found = await rooms.findAll({ attributes: [...ROOM], where, raw: true });
  return found as unknown as RoomRow[];
}

/** Ids of all rooms that are live. */
export async function findLiveIds(rooms: Rooms): Promise<number[]> {
  const found = await rooms.findAll({ attributes: ["id"], where: { end_time: 0 }, raw: true });
  return (found as unknown as { id: number }[]).map(({ id }) => id);
}

/** Ends a show; false when somebody else ended it first. */
export async function endRoom(
  rooms: Rooms,
  id: number,
  endTime: number,
  counters: FinalCounters,
): Promise<boolean> {
  const { peak, messages, pushed, merged, suppressed } = counters;
  const [changed] = await rooms.update(
    { end_time: endTime, open_owner: null, peak, messages, pushed, merged, suppressed },
    { where: { id, end_time: 0 } },
  );
  return changed === 1;
}
