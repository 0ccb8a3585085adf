import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { Mute } from "./room.ts";

/** A mute, as it is kept. */
export interface MuteRow extends Mute {
  live_id: number;
}

export type MuteModel = Model<MuteRow, MuteRow>;

export function defineMutes(database: Sequelize): ModelStatic<MuteModel> {
  return database.define<MuteModel>("mutes", {
    live_id: { type: DataTypes.BIGINT, primaryKey: true },
    user_id: { type: DataTypes.BIGINT, primaryKey: true },
    until_ms: DataTypes.BIGINT,
  });
}
