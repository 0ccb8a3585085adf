import { type ModelStatic, Op } from "sequelize";
import type { RoomModel } from "./room.model.ts";
import type { StreamClaim, StreamStore } from "./streams.ts";

const CLAIM = ["id", "end_time", "stream_by", "stream_until"] satisfies (keyof StreamClaim)[];

/** Claims to rooms, in the rooms' own rows. */
export function streamRepo(rooms: ModelStatic<RoomModel>): StreamStore {
  return {
    async findByKey(key) {
      const where = { stream_key: key };
      const found = await rooms.findOne({ attributes: [...CLAIM], where, raw: true });
      return found as StreamClaim | null;
    },

    async keep(ids, holder, nowMs, untilMs) {
      const mine = { id: ids, end_time: 0 };
      const free = { [Op.or]: [{ stream_by: holder }, { stream_until: { [Op.lte]: nowMs } }] };
      await rooms.update(
        { stream_by: holder, stream_until: untilMs },
        { where: { ...mine, ...free } },
      );
      const where = { ...mine, stream_by: holder };
      const found = await rooms.findAll({ attributes: ["id"], where, raw: true });
      return (found as unknown as { id: number }[]).map(({ id }) => id);
    },

    async end(ids, holder) {
      await rooms.update({ stream_until: 0 }, { where: { id: ids, stream_by: holder } });
    },

    async endAll() {
      const where = { end_time: 0, stream_until: { [Op.gt]: 0 } };
      await rooms.update({ stream_until: 0 }, { where });
    },
  };
}
