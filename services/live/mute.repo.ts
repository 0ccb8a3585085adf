import { type ModelStatic, Op } from "sequelize";
import type { MuteModel } from "./mute.model.ts";
import type { MuteStore } from "./mutes.ts";
import type { Mute } from "./room.ts";

/** Mutes in the database. */
export function muteRepo(mutes: ModelStatic<MuteModel>): MuteStore {
  return {
    async put(mute) {
      await mutes.upsert(mute);
    },

    async drop(liveId, userId) {
      await mutes.destroy({ where: { live_id: liveId, user_id: userId } });
    },

    async find(liveId, nowMs) {
      const found = await mutes.findAll({
        attributes: ["user_id", "until_ms"],
        where: { live_id: liveId, until_ms: { [Op.gt]: nowMs } },
        raw: true,
      });
      return found as unknown as Mute[];
    },

    async countOthers(liveId, userId) {
      return mutes.count({ where: { live_id: liveId, user_id: { [Op.ne]: userId } } });
    },

    async dropOver(liveId, nowMs) {
      await mutes.destroy({ where: { live_id: liveId, until_ms: { [Op.lte]: nowMs } } });
    },

    async dropAll(liveId) {
      await mutes.destroy({ where: { live_id: liveId } });
    },
  };
}
