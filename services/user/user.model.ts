import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";
import type { CardRow, ImageTurns, UserRow } from "./user.ts";

export type UserModel = Model<UserRow & CardRow & ImageTurns, UserRow>;

export const userEntity: EntityDefinition = {
  name: "users",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    username: DataTypes.STRING(32),
    password: DataTypes.STRING(128),
    create_time: DataTypes.BIGINT,
    avatar: { type: DataTypes.STRING(255), defaultValue: "" },
    background_image: { type: DataTypes.STRING(255), defaultValue: "" },
    avatar_turn: { type: DataTypes.BIGINT, defaultValue: 0 },
    background_image_turn: { type: DataTypes.BIGINT, defaultValue: 0 },
    signature: { type: DataTypes.STRING(255), defaultValue: "" },
  },
};
