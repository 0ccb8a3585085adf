import { QueryTypes, type Sequelize } from "sequelize";
import type { CountedWrite } from "../../lib/database/counted-writes.ts";
import { type CounterChange, change } from "../../lib/database/counters.ts";
import { deleteWhere, insertOnce } from "../../lib/database/guarded-rows.ts";
import { follows } from "./counters.ts";
import type { CountsAsked, FollowCounts } from "./follows.ts";

/** That one user follows another. */
export interface Pair {
  follower: number;
  followee: number;
}

/** `id` is of the time of the follow: lists are ordered by it. */
export type RelationRow = Pair & { id: number };

/** A follow that may be there already. Answers whether it is new. */
export function following(database: Sequelize, relation: RelationRow): CountedWrite<boolean> {
  return {
    row: ["relations", relation.follower, relation.followee],
    async apply(transaction) {
      const isNew = await insertOnce(database, transaction, "relations", { ...relation });
      return { result: isNew, changes: isNew ? changes(relation, 1) : [] };
    },
  };
}

/** A follow that ends, if it is there. Answers whether it was. */
export function unfollowing(database: Sequelize, pair: Pair): CountedWrite<boolean> {
  return {
    row: ["relations", pair.follower, pair.followee],
    async apply(transaction) {
      const gone = await deleteWhere(database, transaction, "relations", { ...pair });
      return { result: gone === 1, changes: gone === 1 ? changes(pair, -1) : [] };
    },
  };
}

function changes({ follower, followee }: Pair, by: 1 | -1): CounterChange[] {
  return [
    change(follows, follower, { following: by }),
    change(follows, followee, { followers: by }),
  ];
}

/** Whom a user follows, who follows them, or both at once; the latest first. */
const LISTS = {
  following: "SELECT followee AS user_id FROM relations WHERE follower = :user_id",
  followers: "SELECT follower AS user_id FROM relations WHERE followee = :user_id",
  friends: `SELECT r.followee AS user_id FROM relations r
    JOIN relations back ON back.follower = r.followee AND back.followee = r.follower
    WHERE r.follower = :user_id`,
} as const;
export type List = keyof typeof LISTS;

export async function findList(
  database: Sequelize,
  list: List,
  user_id: number,
  limit: number,
): Promise<number[]> {
  const order = list === "friends" ? "r.id" : "id";
  const rows = await database.query<{ user_id: number }>(
    `${LISTS[list]} ORDER BY ${order} DESC LIMIT :limit`,
    { type: QueryTypes.SELECT, replacements: { user_id, limit } },
  );
  return rows.map((row) => row.user_id);
}

/** Everything with one query, or with none when nothing is asked. */
export async function findCounts(database: Sequelize, asked: CountsAsked): Promise<FollowCounts> {
  const parts: string[] = [];
  if (asked.users.length > 0)
    parts.push(
      "SELECT 1 AS part, user_id AS id, following AS a, followers AS b FROM user_follow_counts WHERE user_id IN (:users)",
    );
  if (asked.followed.viewer > 0 && asked.followed.users.length > 0)
    parts.push(
      "SELECT 2 AS part, followee AS id, 1 AS a, 0 AS b FROM relations WHERE follower = :viewer AND followee IN (:followed)",
    );
  const counts: FollowCounts = { users: new Map(), followed: new Set() };
  if (parts.length === 0) return counts;
  const rows = await database.query<{ part: number; id: number; a: number; b: number }>(
    parts.join(" UNION ALL "),
    {
      type: QueryTypes.SELECT,
      replacements: {
        users: [...asked.users],
        viewer: asked.followed.viewer,
        followed: [...asked.followed.users],
      },
    },
  );
  for (const { part, id, a, b } of rows) {
    if (part === 1) counts.users.set(id, { following: a, followers: b });
    else counts.followed.add(id);
  }
  return counts;
}

/** Whether one user follows another. */
export async function isThere(database: Sequelize, pair: Pair): Promise<boolean> {
  const rows = await database.query(
    "SELECT 1 FROM relations WHERE follower = :follower AND followee = :followee",
    { type: QueryTypes.SELECT, replacements: { ...pair } },
  );
  return rows.length > 0;
}
