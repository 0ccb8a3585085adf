import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";

/** An account, as it is kept. */
export interface UserRow {
  id: number;
  /** Unique, compared byte by byte. */
  username: string;
  /** argon2id, in the PHC string format. */
  password: string;
  /** Unix seconds. */
  create_time: number;
}

export type UserModel = Model<UserRow, UserRow>;

export const userEntity: EntityDefinition = {
  name: "users",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    username: DataTypes.STRING(31),
    password: DataTypes.STRING(128),
    create_time: DataTypes.BIGINT,
  },
};
