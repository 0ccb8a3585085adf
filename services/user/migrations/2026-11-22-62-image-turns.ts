import { DataTypes, type QueryInterface } from "sequelize";

const ADDED = ["avatar_turn", "background_image_turn"];

export async function up(query: QueryInterface): Promise<void> {
  const turn = { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 };
  // Run again after it was cut short: MySQL keeps each statement by itself.
  const present = await query.describeTable("users");
  for (const name of ADDED)
    if (present[name] === undefined) await query.addColumn("users", name, turn);
}

export async function down(query: QueryInterface): Promise<void> {
  const present = await query.describeTable("users");
  // Sequelize would copy the whole table in SQLite, and lose its index on the way.
  for (const name of ADDED)
    if (present[name] !== undefined)
      await query.sequelize.query(`ALTER TABLE users DROP COLUMN ${name}`);
}
