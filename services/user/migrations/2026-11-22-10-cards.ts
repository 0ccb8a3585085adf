import { DataTypes, type QueryInterface } from "sequelize";

const ADDED = ["avatar", "background_image", "signature"];

export async function up(query: QueryInterface): Promise<void> {
  // Run again after it was cut short: MySQL keeps each statement by itself.
  const present = await query.describeTable("users");
  for (const name of ADDED)
    if (present[name] === undefined)
      await query.addColumn("users", name, {
        type: DataTypes.STRING(255),
        allowNull: false,
        defaultValue: "",
      });
  // SQLite takes no notice of lengths, and would have to copy the table.
  if (query.sequelize.getDialect() !== "sqlite")
    await query.changeColumn("users", "username", { type: DataTypes.STRING(32), allowNull: false });
}

/** The longer names stay: some may be there. */
export async function down(query: QueryInterface): Promise<void> {
  const present = await query.describeTable("users");
  // Sequelize would copy the whole table in SQLite, and lose its index on the way.
  for (const name of ADDED)
    if (present[name] !== undefined)
      await query.sequelize.query(`ALTER TABLE users DROP COLUMN ${name}`);
}
