import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  await query.createTable(
    "users",
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      username: { type: DataTypes.STRING(31), allowNull: false },
      password: { type: DataTypes.STRING(128), allowNull: false },
      create_time: { type: DataTypes.BIGINT, allowNull: false },
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
  // Decides who gets a name that several ask for at once.
  await query.addIndex("users", ["username"], { name: "users_username", unique: true });
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("users");
}
