import { DataTypes, type QueryInterface } from "sequelize";
import { createCounterTable, createTable } from "../../../lib/database/create-table.ts";

const big = { type: DataTypes.BIGINT, allowNull: false };
const whole = { type: DataTypes.INTEGER, allowNull: false };
const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });

export async function up(query: QueryInterface): Promise<void> {
  await createTable(
    query,
    "videos",
    {
      id: { ...big, primaryKey: true },
      author_id: big,
      content: text(64),
      container: text(8),
      title: text(128),
      create_ms: big,
    },
    {
      // The feed goes by this alone: with a time of its own for each video, a time is a place in it.
      videos_time: { fields: ["create_ms"], unique: true },
      videos_author: { fields: ["author_id", "create_ms"] },
    },
  );
  await createTable(
    query,
    "video_contents",
    {
      sha256: { ...text(64), primaryKey: true },
      state: text(8),
      touched_ms: big,
      container: text(8),
      size: big,
      duration_ms: whole,
      width: whole,
      height: whole,
    },
    { video_contents_state: { fields: ["state", "touched_ms"] } },
  );
  await createCounterTable(query, "user_work_counts", "user_id", ["works"]);
}

export async function down(query: QueryInterface): Promise<void> {
  await query.dropTable("user_work_counts");
  await query.dropTable("video_contents");
  await query.dropTable("videos");
}
