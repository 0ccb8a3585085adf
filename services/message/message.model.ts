import { DataTypes, type Model } from "sequelize";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { EntityDefinition } from "../../mixins/entity.mixin.ts";

/** A message as the database has it: a record whose details are JSON text. */
export type MessageRow = Omit<MessageRecord, "style" | "data"> & {
  style: string | null;
  data: string | null;
};

export type MessageModel = Model<MessageRow, MessageRow>;

export const messageEntity: EntityDefinition = {
  name: "messages",
  define: {
    id: { type: DataTypes.BIGINT, primaryKey: true },
    live_id: DataTypes.BIGINT,
    user_id: DataTypes.BIGINT,
    user_name: DataTypes.STRING(64),
    type: DataTypes.TINYINT,
    live_time: DataTypes.INTEGER,
    send_time: DataTypes.BIGINT,
    content: DataTypes.TEXT,
    style: DataTypes.TEXT,
    data: DataTypes.TEXT,
    lottery_id: DataTypes.BIGINT,
  },
};

export function toRecord(row: MessageRow): MessageRecord {
  return {
    ...row,
    style: row.style === null ? null : JSON.parse(row.style),
    data: row.data === null ? null : JSON.parse(row.data),
  };
}
