import { DataTypes, type Model } from "sequelize";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";
import type { StoredRoom } from "./room.ts";

export type RoomModel = Model<StoredRoom, StoredRoom>;

export const roomEntity: EntityDefinition = {
  name: "rooms",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    owner_id: DataTypes.BIGINT,
    owner_name: DataTypes.STRING(32),
    room_name: DataTypes.STRING(64),
    introduction: DataTypes.STRING(500),
    cover: DataTypes.STRING(500),
    cover_turn: { type: DataTypes.BIGINT, defaultValue: 0 },
    stream_key: DataTypes.STRING(32),
    stream_by: { type: DataTypes.STRING(128), defaultValue: "" },
    stream_until: { type: DataTypes.BIGINT, defaultValue: 0 },
    start_time: DataTypes.BIGINT,
    end_time: DataTypes.BIGINT,
    open_owner: DataTypes.BIGINT,
    peak: DataTypes.BIGINT,
    messages: DataTypes.BIGINT,
    pushed: DataTypes.BIGINT,
    merged: DataTypes.BIGINT,
    suppressed: DataTypes.BIGINT,
  },
};
