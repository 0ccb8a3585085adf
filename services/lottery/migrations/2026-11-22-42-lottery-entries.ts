import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  await query.createTable(
    "lottery_entries",
    {
      // The key is the order in which a draw reads them.
      lottery_id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      user_id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      user_name: { type: DataTypes.STRING(64), allowNull: false },
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("lottery_entries");
}
