import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";
import type { UserRow } from "./user.ts";

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
