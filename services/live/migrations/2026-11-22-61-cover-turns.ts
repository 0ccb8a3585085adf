import { DataTypes, type QueryInterface } from "sequelize";

export async function up(query: QueryInterface): Promise<void> {
  const turn = { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 };
  // Run again after it was cut short: MySQL keeps each statement by itself.
  if ((await query.describeTable("rooms")).cover_turn === undefined)
    await query.addColumn("rooms", "cover_turn", turn);
}

export async function down(query: QueryInterface): Promise<void> {
  // Sequelize would copy the whole table in SQLite, and lose its indexes on the way.
  if ((await query.describeTable("rooms")).cover_turn !== undefined)
    await query.sequelize.query("ALTER TABLE rooms DROP COLUMN cover_turn");
}
