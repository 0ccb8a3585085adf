import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  await query.createTable(
    "sessions",
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      user_id: { type: DataTypes.BIGINT, allowNull: false },
      family_sum: { type: DataTypes.STRING(43), allowNull: false },
      token_sum: { type: DataTypes.STRING(43), allowNull: false },
      expires_ms: { type: DataTypes.BIGINT, allowNull: false },
      access_until_ms: { type: DataTypes.BIGINT, allowNull: false },
      revoked_until_ms: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
  const index = (name: string, columns: string[], unique = false) =>
    query.addIndex("sessions", columns, { name: `sessions_${name}`, unique });
  await index("family", ["family_sum"], true);
  await index("user", ["user_id", "id"]);
  await index("expires", ["expires_ms"]);
  await index("revoked", ["revoked_until_ms"]);
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("sessions");
}
