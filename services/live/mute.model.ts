import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { MuteRow } from "./mutes.ts";

export type MuteModel = Model<MuteRow, MuteRow>;

export function defineMutes(database: Sequelize): ModelStatic<MuteModel> {
  return database.define<MuteModel>("mutes", {
    live_id: { type: DataTypes.BIGINT, primaryKey: true },
    user_id: { type: DataTypes.BIGINT, primaryKey: true },
    until_ms: DataTypes.BIGINT,
  });
}
