import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  await query.createTable(
    "lottery_winners",
    {
      lottery_id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      place: { type: DataTypes.INTEGER, primaryKey: true, allowNull: false },
      user_id: { type: DataTypes.BIGINT, allowNull: false },
      user_name: { type: DataTypes.STRING(64), allowNull: false },
      contact: { type: DataTypes.STRING(200), allowNull: false, defaultValue: "" },
      claim_time: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
    },
    {
      charset: "utf8mb4",
      collate: "utf8mb4_bin",
      // Nobody wins a lottery twice. First by user: what somebody has won is found by it too.
      uniqueKeys: { lottery_winners_user: { fields: ["user_id", "lottery_id"] } },
    },
  );
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("lottery_winners");
}
