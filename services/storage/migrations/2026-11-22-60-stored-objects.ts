import { DataTypes, type QueryInterface } from "sequelize";
import { createTable } from "../../../lib/database/create-table.ts";

export async function up(query: QueryInterface): Promise<void> {
  const number = { type: DataTypes.BIGINT, allowNull: false };
  const key = { type: DataTypes.STRING(200), allowNull: false };
  const state = { type: DataTypes.STRING(8), allowNull: false };
  await createTable(
    query,
    "stored_objects",
    { object_key: { ...key, primaryKey: true }, state, touched_ms: number },
    { stored_objects_abandoned: { fields: ["state", "touched_ms"] } },
  );
  await createTable(
    query,
    "stored_uses",
    {
      owner_id: { ...number, primaryKey: true },
      purpose: { type: DataTypes.STRING(40), allowNull: false, primaryKey: true },
      object_key: { ...key, primaryKey: true },
      bytes: number,
      turn: number,
      create_ms: number,
    },
    {
      stored_uses_object: { fields: ["object_key"] },
      // What an owner keeps is added up from the index alone.
      stored_uses_bytes: { fields: ["owner_id", "bytes"] },
    },
  );
  await createTable(query, "stored_owners", {
    owner_id: {
      // SQLite keeps a table in the order of its INTEGER key.
      type: query.sequelize.getDialect() === "sqlite" ? DataTypes.INTEGER : DataTypes.BIGINT,
      allowNull: false,
      primaryKey: true,
    },
    turn: { ...number, defaultValue: 0 },
  });
}

export async function down(query: QueryInterface): Promise<void> {
  for (const table of ["stored_owners", "stored_uses", "stored_objects"])
    await query.dropTable(table);
}
