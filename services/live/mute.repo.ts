import { type ModelStatic, Op } from "sequelize";
import type { MuteModel, MuteRow } from "./mute.model.ts";
import type { Mute } from "./room.ts";

type Mutes = ModelStatic<MuteModel>;

/** Mutes a user, or changes until when. */
export async function putMute(mutes: Mutes, mute: MuteRow): Promise<void> {
  await mutes.upsert(mute);
}

export async function dropMute(mutes: Mutes, liveId: number, userId: number): Promise<void> {
  await mutes.destroy({ where: { live_id: liveId, user_id: userId } });
}

/** Everybody who may not speak in a room at that time. */
export async function findMutes(mutes: Mutes, liveId: number, nowMs: number): Promise<Mute[]> {
  const found = await mutes.findAll({
    attributes: ["user_id", "until_ms"],
    where: { live_id: liveId, until_ms: { [Op.gt]: nowMs } },
    raw: true,
  });
  return found as unknown as Mute[];
}

/** How many are muted in a room, not counting one. */
export async function countOthers(mutes: Mutes, liveId: number, userId: number): Promise<number> {
  return mutes.count({ where: { live_id: liveId, user_id: { [Op.ne]: userId } } });
}

/** Removes a room's mutes that are over by `untilMs`; all of them without it. */
export async function dropMutes(mutes: Mutes, liveId: number, untilMs?: number): Promise<void> {
  const over = untilMs === undefined ? {} : { until_ms: { [Op.lte]: untilMs } };
  await mutes.destroy({ where: { live_id: liveId, ...over } });
}
