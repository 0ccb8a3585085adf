import { DataTypes, type Model, type ModelStatic, type Sequelize } from "sequelize";
import type { SessionRow } from "./session.ts";

export type SessionModel = Model<SessionRow, SessionRow>;

export function defineSessions(database: Sequelize): ModelStatic<SessionModel> {
  return database.define<SessionModel>("sessions", {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    user_id: DataTypes.BIGINT,
    family_sum: DataTypes.STRING(43),
    token_sum: DataTypes.STRING(43),
    expires_ms: DataTypes.BIGINT,
    access_until_ms: DataTypes.BIGINT,
    revoked_until_ms: DataTypes.BIGINT,
  });
}
