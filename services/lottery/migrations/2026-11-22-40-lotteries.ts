import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  // SQLite keeps a table in the order of its INTEGER key, and has no index besides to maintain.
  const key = query.sequelize.getDialect() === "sqlite" ? DataTypes.INTEGER : DataTypes.BIGINT;
  const whole = { type: DataTypes.BIGINT, allowNull: false };
  const zero = { ...whole, defaultValue: 0 };
  const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });
  await query.createTable(
    "lotteries",
    {
      id: { type: key, primaryKey: true, allowNull: false },
      live_id: whole,
      owner_id: whole,
      prize: text(100),
      places: whole,
      create_ms: whole,
      end_time: whole,
      close_ms: whole,
      status: text(10),
      cancel_reason: { type: DataTypes.STRING(16), allowNull: true },
      condition_kind: text(10),
      condition_value: text(100),
      at_show_end: text(6),
      options: { type: DataTypes.TEXT, allowNull: false },
      seed: text(64),
      commitment: text(64),
      beacon_round: { type: DataTypes.BIGINT, allowNull: true },
      beacon: { ...text(64), defaultValue: "" },
      entries_digest: { ...text(64), defaultValue: "" },
      entrants: zero,
      over_ms: zero,
      scanned: zero,
      announced: zero,
      due_ms: { type: DataTypes.BIGINT, allowNull: true },
      token: zero,
    },
    { charset: "utf8mb4", collate: "utf8mb4_bin" },
  );
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("lotteries");
}
