import { type ModelStatic, QueryTypes, type Sequelize } from "sequelize";
import type { CountedWrite } from "../../lib/database/counted-writes.ts";
import { type CounterChange, change } from "../../lib/database/counters.ts";
import { deleteWhere, insertOnce } from "../../lib/database/guarded-rows.ts";
import { userLikes, videoLikes } from "./counters.ts";
import type { LikeModel, LikeRow } from "./like.model.ts";

/** A like that may be there already. Answers whether it is new. */
export function adding(database: Sequelize, like: LikeRow): CountedWrite<boolean> {
  return {
    row: ["likes", like.user_id, like.video_id],
    async apply(transaction) {
      const isNew = await insertOnce(database, transaction, "likes", { ...like });
      return { result: isNew, changes: isNew ? changes(like, 1) : [] };
    },
  };
}

/** A like that goes, if it is there. Answers whether it was. */
export function removing(
  database: Sequelize,
  of: Pick<LikeRow, "user_id" | "video_id">,
): CountedWrite<boolean> {
  return {
    row: ["likes", of.user_id, of.video_id],
    async apply(transaction) {
      const [like] = await database.query<Pick<LikeRow, "user_id" | "video_id" | "author_id">>(
        "SELECT user_id, video_id, author_id FROM likes WHERE user_id = :user_id AND video_id = :video_id",
        { transaction, type: QueryTypes.SELECT, replacements: { ...of } },
      );
      // By its author too: another like may have come in its place since.
      const wasThere =
        like !== undefined &&
        (await deleteWhere(database, transaction, "likes", { ...like })) === 1;
      return { result: wasThere, changes: wasThere ? changes(like, -1) : [] };
    },
  };
}

function changes(
  { user_id, video_id, author_id }: Pick<LikeRow, "user_id" | "video_id" | "author_id">,
  by: 1 | -1,
): CounterChange[] {
  return [
    change(videoLikes, video_id, { likes: by }),
    change(userLikes, user_id, { given: by }),
    change(userLikes, author_id, { received: by }),
  ];
}

/** The videos that a user likes, the last liked first. */
export async function findLiked(
  likes: ModelStatic<LikeModel>,
  user_id: number,
  limit: number,
): Promise<number[]> {
  const rows = await likes.findAll({
    attributes: ["video_id"],
    where: { user_id },
    order: [["id", "DESC"]],
    limit,
    raw: true,
  });
  return (rows as unknown as { video_id: number }[]).map(({ video_id }) => video_id);
}

/** Counts of those videos and users that have any, and which of the videos the viewer likes. */
export interface LikeCounts {
  videos: Map<number, number>;
  users: Map<number, { given: number; received: number }>;
  liked: Set<number>;
}

/** Whom and what {@link findCounts} is asked about; each of the lists may be empty. */
export interface CountsAsked {
  videos: readonly number[];
  users: readonly number[];
  liked: { viewer: number; videos: readonly number[] };
}

/** Everything with one query, or with none when nothing is asked. */
export async function findCounts(database: Sequelize, asked: CountsAsked): Promise<LikeCounts> {
  const parts: string[] = [];
  if (asked.videos.length > 0)
    parts.push(
      "SELECT 1 AS part, video_id AS id, likes AS a, 0 AS b FROM video_like_counts WHERE video_id IN (:videos)",
    );
  if (asked.users.length > 0)
    parts.push(
      "SELECT 2 AS part, user_id AS id, given AS a, received AS b FROM user_like_counts WHERE user_id IN (:users)",
    );
  if (asked.liked.viewer > 0 && asked.liked.videos.length > 0)
    parts.push(
      "SELECT 3 AS part, video_id AS id, 1 AS a, 0 AS b FROM likes WHERE user_id = :viewer AND video_id IN (:liked)",
    );
  const counts: LikeCounts = { videos: new Map(), users: new Map(), liked: new Set() };
  if (parts.length === 0) return counts;
  const rows = await database.query<{ part: number; id: number; a: number; b: number }>(
    parts.join(" UNION ALL "),
    {
      type: QueryTypes.SELECT,
      replacements: {
        videos: [...asked.videos],
        users: [...asked.users],
        viewer: asked.liked.viewer,
        liked: [...asked.liked.videos],
      },
    },
  );
  for (const { part, id, a, b } of rows) {
    if (part === 1) counts.videos.set(id, a);
    else if (part === 2) counts.users.set(id, { given: a, received: b });
    else counts.liked.add(id);
  }
  return counts;
}
