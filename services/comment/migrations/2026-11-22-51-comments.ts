import { DataTypes, type QueryInterface } from "sequelize";
import { createCounterTable, createTable } from "../../../lib/database/create-table.ts";

export async function up(query: QueryInterface): Promise<void> {
  const key = query.sequelize.getDialect() === "sqlite" ? DataTypes.INTEGER : DataTypes.BIGINT;
  const id = { type: DataTypes.BIGINT, allowNull: false };
  await createTable(
    query,
    "comments",
    {
      id: { type: key, primaryKey: true, allowNull: false },
      video_id: id,
      author_id: id,
      user_id: id,
      content: { type: DataTypes.STRING(500), allowNull: false },
    },
    { comments_video: { fields: ["video_id", "id"] } },
  );
  await createCounterTable(query, "video_comment_counts", "video_id", ["comments"]);
}

export async function down(query: QueryInterface): Promise<void> {
  for (const table of ["video_comment_counts", "comments"]) await query.dropTable(table);
}
