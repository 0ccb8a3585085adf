import assert from "node:assert/strict";
import { after, it } from "node:test";
import { type ModelStatic, type Options, QueryTypes, type Sequelize } from "sequelize";
import { migrations } from "../../lib/database/migrate.ts";
import { type VideoModel, videoEntity } from "../../services/video/video.model.ts";
import { videoRepo } from "../../services/video/video.repo.ts";
import { videoStoreContract } from "../contract/video-store.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";

const open = mariadbForEach({ after });

videoStoreContract("MariaDB", async (t) => (await open(t)).database);

it("MariaDB finds a page of the feed and of an author's videos by an index, in its order", async (t) => {
  const { database } = await open(t);
  await migrations(database).up();
  // In a small table MariaDB finds it cheaper to read all of it.
  const rows = Array.from(
    { length: 50_000 },
    (_, n) => `(${n + 1}, ${n % 500}, '', 'mp4', 'x', ${n + 1})`,
  );
  await database.query(
    `INSERT INTO videos (id, author_id, content, container, title, create_ms) VALUES ${rows}`,
  );
  await database.query("ANALYZE TABLE videos");
  const model = database.define(videoEntity.name, videoEntity.define) as ModelStatic<VideoModel>;
  const videos = videoRepo(database, model);
  const plans = {
    feed: await planOf(database, () => videos.findBefore(Number.POSITIVE_INFINITY, 31)),
    deep: await planOf(database, () => videos.findBefore(25_000, 31)),
    author: await planOf(database, () => videos.findByAuthor(7, 31)),
  };
  assert.deepEqual(
    Object.values(plans).map(([first]) => first?.key),
    ["videos_time", "videos_time", "videos_author"],
  );
  for (const steps of Object.values(plans))
    for (const { Extra, key } of steps) {
      assert.ok(key !== null, JSON.stringify(steps));
      assert.doesNotMatch(Extra ?? "", /filesort|temporary/, JSON.stringify(steps));
    }
});

interface Step {
  key: string | null;
  Extra: string | null;
}

/** How the database goes about a query. */
async function planOf(database: Sequelize, query: () => Promise<unknown>): Promise<Step[]> {
  const { options } = database as Sequelize & { options: Options };
  let statement = "";
  options.logging = (line) => {
    statement = line.replace(/^Executing \([^)]*\): /, "");
  };
  await query();
  options.logging = false;
  return database.query<Step>(`EXPLAIN ${statement}`, { type: QueryTypes.SELECT });
}
