import { DataTypes, type QueryInterface } from "sequelize";

const INDEX = "rooms_stream_key";

export async function up(query: QueryInterface): Promise<void> {
  // Run again after it was cut short: MySQL keeps each statement by itself.
  const columns = await query.describeTable("rooms");
  if (columns.stream_by === undefined)
    await query.addColumn("rooms", "stream_by", {
      type: DataTypes.STRING(128),
      allowNull: false,
      defaultValue: "",
    });
  if (columns.stream_until === undefined)
    await query.addColumn("rooms", "stream_until", {
      type: DataTypes.BIGINT,
      allowNull: false,
      defaultValue: 0,
    });
  if (!(await hasIndex(query))) await query.addIndex("rooms", ["stream_key"], { name: INDEX });
}

export async function down(query: QueryInterface): Promise<void> {
  if (await hasIndex(query)) await query.removeIndex("rooms", INDEX);
  const columns = await query.describeTable("rooms");
  // Sequelize would copy the whole table in SQLite, and lose its indexes on the way.
  for (const name of ["stream_by", "stream_until"])
    if (columns[name] !== undefined)
      await query.sequelize.query(`ALTER TABLE rooms DROP COLUMN ${name}`);
}

async function hasIndex(query: QueryInterface): Promise<boolean> {
  const indexes = (await query.showIndex("rooms")) as { name: string }[];
  return indexes.some(({ name }) => name === INDEX);
}
