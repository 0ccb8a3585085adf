import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  const id = { type: DataTypes.BIGINT, allowNull: false };
  const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });
  const counter = { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 };
  await query.createTable(
    "rooms",
    {
      id: { ...id, primaryKey: true },
      owner_id: id,
      owner_name: text(31),
      room_name: text(64),
      introduction: text(500),
      cover: text(500),
      stream_key: text(32),
      start_time: id,
      end_time: counter,
      open_owner: { type: DataTypes.BIGINT, allowNull: true },
      peak: counter,
      messages: counter,
      pushed: counter,
      merged: counter,
      suppressed: counter,
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
  // Null as often as it likes, so it holds for open rooms only: one per owner.
  await query.addIndex("rooms", ["open_owner"], { name: "rooms_open_owner", unique: true });
  await query.addIndex("rooms", ["end_time", "id"], { name: "rooms_live" });
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("rooms");
}
