import { type ModelStatic, Op, QueryTypes, type Sequelize } from "sequelize";
import type { CountedWrite } from "../../lib/database/counted-writes.ts";
import { change } from "../../lib/database/counters.ts";
import { deleteWhere, insertOnce } from "../../lib/database/guarded-rows.ts";
import type { CommentModel, CommentRow } from "./comment.model.ts";
import { videoComments } from "./counters.ts";

type Comments = ModelStatic<CommentModel>;

/** A comment with an id of its own. Writing it twice does no harm. */
export function adding(database: Sequelize, comment: CommentRow): CountedWrite<void> {
  return {
    row: ["comments", comment.id],
    async apply(transaction) {
      const isNew = await insertOnce(database, transaction, "comments", { ...comment });
      const changes = isNew ? [change(videoComments, comment.video_id, { comments: 1 })] : [];
      return { result: undefined, changes };
    },
  };
}

/** A comment that goes. Answers false when somebody else has deleted it meanwhile. */
export function removing(
  database: Sequelize,
  { id, video_id }: Pick<CommentRow, "id" | "video_id">,
): CountedWrite<boolean> {
  return {
    row: ["comments", id],
    async apply(transaction) {
      const gone = (await deleteWhere(database, transaction, "comments", { id, video_id })) === 1;
      return {
        result: gone,
        changes: gone ? [change(videoComments, video_id, { comments: -1 })] : [],
      };
    },
  };
}

export async function findComment(comments: Comments, id: number): Promise<CommentRow | null> {
  return (await comments.findOne({ where: { id }, raw: true })) as CommentRow | null;
}

/** The next older comments of a video, newest first. */
export async function findOlder(
  comments: Comments,
  video_id: number,
  before: number,
  limit: number,
): Promise<CommentRow[]> {
  const rows = await comments.findAll({
    where: { video_id, id: { [Op.lt]: before } },
    order: [["id", "DESC"]],
    limit,
    raw: true,
  });
  return rows as unknown as CommentRow[];
}

/** How many comments those videos have that ever had any. */
export async function findCounts(
  database: Sequelize,
  video_ids: readonly number[],
): Promise<Map<number, number>> {
  if (video_ids.length === 0) return new Map();
  const rows = await database.query<{ video_id: number; comments: number }>(
    "SELECT video_id, comments FROM video_comment_counts WHERE video_id IN (:video_ids)",
    { type: QueryTypes.SELECT, replacements: { video_ids: [...video_ids] } },
  );
  return new Map(rows.map(({ video_id, comments }) => [video_id, comments]));
}
