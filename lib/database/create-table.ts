import { DataTypes, type ModelAttributes, type QueryInterface } from "sequelize";

/** The indexes of a table, by name. */
export type Indexes = Readonly<Record<string, { fields: string[]; unique?: boolean }>>;

/**
 * Creates a table and its indexes, for exact comparison of text. What is there already stays: MySQL
 * commits each statement by itself, so a migration may have been cut short in the middle.
 */
export async function createTable(
  query: QueryInterface,
  table: string,
  columns: ModelAttributes,
  indexes: Indexes = {},
): Promise<void> {
  await query.createTable(table, columns, { charset: "utf8mb4", collate: "utf8mb4_bin" });
  const known = (await query.showIndex(table)) as { name: string }[];
  for (const [name, { fields, unique = false }] of Object.entries(indexes))
    if (!known.some((index) => index.name === name))
      await query.addIndex(table, fields, { name, unique });
}

/** Creates a table of counters (counters.ts). */
export function createCounterTable(
  query: QueryInterface,
  table: string,
  key: string,
  counted: readonly string[],
): Promise<void> {
  // SQLite keeps a table in the order of its INTEGER key, and has no index besides to maintain.
  const type = query.sequelize.getDialect() === "sqlite" ? DataTypes.INTEGER : DataTypes.BIGINT;
  const counter = { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 };
  return createTable(query, table, {
    [key]: { type, primaryKey: true, allowNull: false },
    ...Object.fromEntries(counted.map((column) => [column, counter])),
  });
}
