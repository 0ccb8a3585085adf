import { type ModelStatic, Op, UniqueConstraintError } from "sequelize";
import type { RoomCounters } from "../../contracts/objects.ts";
import type { RoomModel } from "./room.model.ts";
import type { RoomRow, RoomStore, Show } from "./room.ts";

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
  "stream_until",
] as const satisfies (keyof RoomRow)[];
const SHOW = ["id", "owner_id", "owner_name", "room_name", "cover"] satisfies (keyof Show)[];
const COUNTERS = [
  "peak",
  "messages",
  "pushed",
  "merged",
  "suppressed",
] as const satisfies (keyof RoomCounters)[];

/** Rooms in the database. */
export function roomRepo(rooms: ModelStatic<RoomModel>): RoomStore {
  const findOne = (attributes: readonly string[], where: { id: number } | { open_owner: number }) =>
    rooms.findOne({ attributes: [...attributes], where, raw: true });

  return {
    async insert(room) {
      try {
        await rooms.create(room);
        return true;
      } catch (error) {
        if (error instanceof UniqueConstraintError) return false;
        throw error;
      }
    },

    async findOpen(ownerId) {
      const found = (await findOne(["id"], { open_owner: ownerId })) as { id: number } | null;
      return found?.id ?? null;
    },

    async find(id) {
      return (await findOne(ROOM, { id })) as RoomRow | null;
    },

    async findStreamKey(id) {
      const found = (await findOne(["stream_key"], { id })) as { stream_key: string } | null;
      return found?.stream_key ?? null;
    },

    async findCounters(id) {
      return (await findOne(COUNTERS, { id })) as RoomCounters | null;
    },

    async findLive(ids) {
      const where = { id: ids, end_time: 0 };
      const found = await rooms.findAll({ attributes: [...ROOM], where, raw: true });
      return found as unknown as RoomRow[];
    },

    async findShows(ownerIds) {
      const found = await rooms.findAll({
        attributes: [...SHOW],
        where: { open_owner: [...ownerIds] },
        raw: true,
      });
      return found as unknown as Show[];
    },

    async findLiveIds() {
      const found = await rooms.findAll({ attributes: ["id"], where: { end_time: 0 }, raw: true });
      return (found as unknown as { id: number }[]).map(({ id }) => id);
    },

    async count(id, counters) {
      const where = { id, end_time: 0, messages: { [Op.lte]: counters.messages } };
      await rooms.update(counters, { where });
    },

    async setCover(id, cover, turn) {
      const where = { id, cover_turn: { [Op.lt]: turn } };
      await rooms.update({ cover, cover_turn: turn }, { where });
    },

    async end(id, endTime, { peak, messages, pushed, merged, suppressed }) {
      const [changed] = await rooms.update(
        { end_time: endTime, open_owner: null, peak, messages, pushed, merged, suppressed },
        { where: { id, end_time: 0 } },
      );
      return changed === 1;
    },
  };
}
