import { type ModelStatic, QueryTypes, type Sequelize, type Transaction } from "sequelize";
import { addToCounters, change } from "../../lib/database/counters.ts";
import { insertOnce } from "../../lib/database/guarded-rows.ts";
import { inWriteTransaction } from "../../lib/database/write-transaction.ts";
import { userWorks } from "./counters.ts";
import type { VideoModel } from "./video.model.ts";
import type { StoredVideo, VideoStore } from "./video.ts";

const COLUMNS = ["id", "author_id", "content", "container", "title", "create_ms"] as const;
const NEWEST_FIRST: [string, string][] = [["create_ms", "DESC"]];
/** With the authors' counts in the same query: a page of the feed is to take few. */
const FEED = `SELECT ${COLUMNS.map((column) => `v.${column}`).join(", ")}, COALESCE(w.works, 0) AS works
  FROM \`videos\` AS v LEFT JOIN \`user_work_counts\` AS w ON w.user_id = v.author_id
  WHERE v.create_ms < :beforeMs ORDER BY v.create_ms DESC LIMIT :limit`;
/** Of those who publish in the same millisecond, each attempt lets one go. */
const TIME_ATTEMPTS = 200;

/** Videos in the database. */
export function videoRepo(database: Sequelize, videos: ModelStatic<VideoModel>): VideoStore {
  const find = async (options: object) =>
    (await videos.findAll({
      attributes: [...COLUMNS],
      raw: true,
      ...options,
    })) as unknown as StoredVideo[];

  return {
    findBefore: (beforeMs, limit) =>
      database.query(FEED, {
        replacements: { beforeMs: Math.min(beforeMs, Number.MAX_SAFE_INTEGER), limit },
        type: QueryTypes.SELECT,
      }),

    findByAuthor: (authorId, limit) =>
      find({ where: { author_id: authorId }, order: NEWEST_FIRST, limit }),

    findByIds: (ids) => (ids.length === 0 ? Promise.resolve([]) : find({ where: { id: ids } })),

    async findWorks(userIds) {
      if (userIds.length === 0) return [];
      return database.query(
        "SELECT user_id, works FROM `user_work_counts` WHERE user_id IN (:userIds)",
        { replacements: { userIds }, type: QueryTypes.SELECT },
      );
    },

    publish: (video, nowMs) =>
      inWriteTransaction(database, async (transaction) => {
        const kept = await keepContent(database, transaction, video.content, nowMs);
        if (!kept) return false;
        await insertAtFreeTime(database, transaction, video);
        await addToCounters(database, transaction, [
          change(userWorks, video.author_id, { works: 1 }),
        ]);
        return true;
      }),
  };
}

/**
 * Makes bytes `stored`, unless clean-up has them. Once stored they stay it; until this transaction
 * ends clean-up waits for its lock.
 */
async function keepContent(
  database: Sequelize,
  transaction: Transaction,
  sha256: string,
  nowMs: number,
): Promise<boolean> {
  const kept = (await database.query(
    "UPDATE `video_contents` SET state = 'stored', touched_ms = :nowMs WHERE sha256 = :sha256 AND state = 'storing'",
    { transaction, replacements: { sha256, nowMs }, type: QueryTypes.BULKUPDATE },
  )) as unknown as number;
  if (kept === 1) return true;
  const [found] = await database.query<{ state: string }>(
    "SELECT state FROM `video_contents` WHERE sha256 = :sha256",
    { transaction, replacements: { sha256 }, type: QueryTypes.SELECT },
  );
  return found?.state === "stored";
}

/** Unique times make a time a place in the feed: nothing shares it, so nothing is skipped there. */
async function insertAtFreeTime(
  database: Sequelize,
  transaction: Transaction,
  video: StoredVideo,
): Promise<void> {
  let { create_ms } = video;
  for (let attempt = 1; attempt <= TIME_ATTEMPTS; attempt++) {
    const row = { ...video, create_ms };
    if (await insertOnce(database, transaction, "videos", row)) return;
    const [newest] = await database.query<{ ms: number }>(
      "SELECT MAX(create_ms) AS ms FROM `videos`",
      { transaction, type: QueryTypes.SELECT },
    );
    create_ms = Math.max(create_ms, newest?.ms ?? 0) + 1;
  }
  throw new Error("no time was free for a video");
}
