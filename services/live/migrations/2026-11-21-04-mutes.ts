import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  await query.createTable(
    "mutes",
    {
      live_id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      user_id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      until_ms: { type: DataTypes.BIGINT, allowNull: false },
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("mutes");
}
