import { DataTypes, type QueryInterface } from "sequelize";
import { createCounterTable, createTable } from "../../../lib/database/create-table.ts";

export async function up(query: QueryInterface): Promise<void> {
  const id = { type: DataTypes.BIGINT, allowNull: false };
  await createTable(
    query,
    "relations",
    {
      follower: { ...id, primaryKey: true },
      followee: { ...id, primaryKey: true },
      id,
    },
    {
      relations_following: { fields: ["follower", "id"] },
      relations_followers: { fields: ["followee", "id"] },
    },
  );
  await createCounterTable(query, "user_follow_counts", "user_id", ["following", "followers"]);
}

export async function down(query: QueryInterface): Promise<void> {
  for (const table of ["user_follow_counts", "relations"]) await query.dropTable(table);
}
