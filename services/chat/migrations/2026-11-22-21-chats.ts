import { DataTypes, type QueryInterface } from "sequelize";
import { createTable } from "../../../lib/database/create-table.ts";

export async function up(query: QueryInterface): Promise<void> {
  const number = { type: DataTypes.BIGINT, allowNull: false };
  const key = { ...number, primaryKey: true };
  await createTable(query, "chat_inboxes", { user_id: key, last_seq: number });
  await createTable(query, "chats", {
    low: key,
    high: key,
    last_ms: number,
    sender: number,
    content: { type: DataTypes.TEXT, allowNull: false },
  });
  await createTable(
    query,
    "chat_messages",
    {
      id: key,
      low: number,
      high: number,
      sender: number,
      create_ms: number,
      low_seq: number,
      high_seq: number,
      content: { type: DataTypes.TEXT, allowNull: false },
    },
    {
      // Each of them also says that no number is given twice.
      chat_messages_history: { fields: ["low", "high", "create_ms"], unique: true },
      chat_messages_low: { fields: ["low", "low_seq"], unique: true },
      chat_messages_high: { fields: ["high", "high_seq"], unique: true },
    },
  );
}

export async function down(query: QueryInterface): Promise<void> {
  for (const table of ["chat_messages", "chats", "chat_inboxes"]) await query.dropTable(table);
}
