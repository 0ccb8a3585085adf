import { DataTypes, type QueryInterface } from "sequelize";
import { createCounterTable, createTable } from "../../../lib/database/create-table.ts";

export async function up(query: QueryInterface): Promise<void> {
  const id = { type: DataTypes.BIGINT, allowNull: false };
  await createTable(
    query,
    "likes",
    {
      user_id: { ...id, primaryKey: true },
      video_id: { ...id, primaryKey: true },
      author_id: id,
      id,
    },
    {
      likes_newest: { fields: ["user_id", "id"] },
      // Nobody asks by these but who counts anew.
      likes_video: { fields: ["video_id"] },
      likes_author: { fields: ["author_id"] },
    },
  );
  await createCounterTable(query, "video_like_counts", "video_id", ["likes"]);
  await createCounterTable(query, "user_like_counts", "user_id", ["given", "received"]);
}

export async function down(query: QueryInterface): Promise<void> {
  for (const table of ["user_like_counts", "video_like_counts", "likes"])
    await query.dropTable(table);
}
