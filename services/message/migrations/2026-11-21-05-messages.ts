import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  // SQLite keeps a table in the order of its INTEGER key, and has no index besides to maintain.
  const key = query.sequelize.getDialect() === "sqlite" ? DataTypes.INTEGER : DataTypes.BIGINT;
  await query.createTable(
    "messages",
    {
      id: { type: key, primaryKey: true, allowNull: false },
      live_id: { type: DataTypes.BIGINT, allowNull: false },
      user_id: { type: DataTypes.BIGINT, allowNull: false },
      user_name: { type: DataTypes.STRING(64), allowNull: false },
      type: { type: DataTypes.TINYINT, allowNull: false },
      live_time: { type: DataTypes.INTEGER, allowNull: false },
      send_time: { type: DataTypes.BIGINT, allowNull: false },
      // The list of a lottery's winners may be long.
      content: { type: mediumText(query), allowNull: false },
      style: { type: DataTypes.TEXT },
      data: { type: DataTypes.TEXT },
      lottery_id: { type: DataTypes.BIGINT },
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
  // By the second they were said (replays, density) and by id (tail, export).
  await query.addIndex("messages", ["live_id", "live_time", "id"], { name: "messages_time" });
  await query.addIndex("messages", ["live_id", "id"], { name: "messages_room" });
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("messages");
}

/** SQLite's TEXT has no sizes, and Sequelize warns of them. */
function mediumText(query: QueryInterface): DataTypes.TextDataType {
  const sqlite = query.sequelize.getDialect() === "sqlite";
  return sqlite ? DataTypes.TEXT() : DataTypes.TEXT("medium");
}
