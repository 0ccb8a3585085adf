import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Sequelize } from "sequelize";
import { type CountedWrites, countedWrites } from "../../lib/database/counted-writes.ts";
import type { CounterTable } from "../../lib/database/counters.ts";
import { migrations } from "../../lib/database/migrate.ts";
import { type Drift, findDrift } from "../../lib/database/recount.ts";
import { counterTables } from "../../scripts/recount/counter-tables.ts";
import { userLikes, videoLikes } from "../../services/favorite/counters.ts";
import { adding, removing } from "../../services/favorite/like.repo.ts";
import { chance } from "../support/chance.ts";

const VIDEOS = 8;
const USERS = 12;
const authorOf = (video: number) => 1 + (video % 3);

/** What every database has to do for counting anew. `open` answers one without any tables. */
export function recountContract(name: string, open: (t: TestContext) => Promise<Sequelize>): void {
  async function likes(t: TestContext) {
    const database = await open(t);
    await migrations(database).up();
    const writes = countedWrites(database);
    for (let user = 1; user <= USERS; user++)
      for (let video = 1; video <= VIDEOS; video += user) await like(writes, database, user, video);
    const drift = async (counter: CounterTable, mend: boolean) => {
      const found: Drift[] = [];
      for await (const one of findDrift(database, counter, mend)) found.push(one);
      return found;
    };
    return { database, writes, drift };
  }

  let id = 0;
  const like = (writes: CountedWrites, database: Sequelize, user_id: number, video_id: number) =>
    writes.write(adding(database, { user_id, video_id, author_id: authorOf(video_id), id: ++id }));

  describe(`counting anew: ${name}`, () => {
    it("finds nothing where nothing is wrong", async (t) => {
      const { drift } = await likes(t);
      assert.deepEqual(await drift(videoLikes, true), []);
      assert.deepEqual(await drift(userLikes, true), []);
    });

    it("finds and mends counters that are wrong, missing or of nothing", async (t) => {
      const { database, drift } = await likes(t);
      await database.query("UPDATE video_like_counts SET likes = likes + 3 WHERE video_id = 1");
      await database.query("DELETE FROM video_like_counts WHERE video_id = 3");
      await database.query("INSERT INTO video_like_counts (video_id, likes) VALUES (4000, -2)");
      await database.query("UPDATE user_like_counts SET received = 0 WHERE user_id = 2");
      const expected = [
        { id: 1, kept: { likes: USERS + 3 }, counted: { likes: USERS } },
        { id: 3, kept: { likes: 0 }, counted: { likes: 2 } },
        { id: 4000, kept: { likes: -2 }, counted: { likes: 0 } },
      ];
      assert.deepEqual(await drift(videoLikes, false), expected);
      assert.deepEqual(await drift(videoLikes, true), expected);
      assert.deepEqual(await drift(videoLikes, false), []);
      const [wrong] = await drift(userLikes, true);
      assert.deepEqual([wrong?.id, wrong?.kept.received, wrong?.kept.given], [2, 0, 4]);
      assert.deepEqual(await drift(userLikes, false), []);
    });

    it("goes through more keys than fit into a page", async (t) => {
      const { database, drift } = await likes(t);
      const rows = Array.from({ length: 1_300 }, (_, n) => `(77, ${1_000 + n}, 1, ${10_000 + n})`);
      await database.query(
        `INSERT INTO likes (user_id, video_id, author_id, id) VALUES ${rows.join(", ")}`,
      );
      assert.equal((await drift(videoLikes, true)).length, 1_300);
      assert.deepEqual(await drift(videoLikes, false), []);
      const users = await drift(userLikes, true);
      assert.deepEqual(
        users.map(({ id }) => id),
        [1, 77],
      );
    });

    it("mends while others write, and takes nothing of theirs for wrong", async (t) => {
      const { database, writes, drift } = await likes(t);
      const random = chance(t);
      const others = [writes, countedWrites(database)];
      let writing = true;
      const storm = Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          while (writing) {
            const [user_id, video_id] = [random.whole(1, USERS), random.whole(1, VIDEOS)];
            const mine = others[n % 2] as CountedWrites;
            if (random.whole(0, 1) === 1) await like(mine, database, user_id, video_id);
            else await mine.write(removing(database, { user_id, video_id }));
          }
        }),
      );
      try {
        for (let round = 1; round <= 5; round++) {
          assert.deepEqual(await drift(videoLikes, false), [], "nothing drifts by itself");
          await database.query(
            "UPDATE video_like_counts SET likes = likes + 100 WHERE video_id = 2",
          );
          await database.query("DELETE FROM video_like_counts WHERE video_id = 5");
          await database.query("UPDATE user_like_counts SET given = given - 7 WHERE user_id <= 4");
          const [first] = await drift(videoLikes, true);
          assert.equal(first?.id, 2);
          await drift(userLikes, true);
          assert.deepEqual(await drift(videoLikes, false), []);
          assert.deepEqual(await drift(userLikes, false), []);
        }
      } finally {
        writing = false;
        await storm;
      }
      assert.deepEqual(await drift(videoLikes, false), []);
      assert.deepEqual(await drift(userLikes, false), []);
    });

    it("knows the tables of every service, and each says truly what it counts", async (t) => {
      const { database } = await likes(t);
      const tables = await counterTables(join(import.meta.dirname, "..", ".."));
      assert.ok(tables.length >= 3);
      assert.equal(new Set(tables.map(({ table }) => table)).size, tables.length);
      const query = database.getQueryInterface();
      for (const { table, key, counts } of tables) {
        const columns = await query.describeTable(table);
        assert.deepEqual(Object.keys(columns).sort(), [key, ...Object.keys(counts)].sort(), table);
        assert.equal(columns[key]?.primaryKey, true);
        for (const { rows, by } of Object.values(counts)) {
          const indexes = (await query.showIndex(rows)) as { fields: { attribute: string }[] }[];
          const begun = indexes.some(({ fields }) => fields[0]?.attribute === by);
          assert.ok(begun, `${rows} has an index that begins with ${by}`);
        }
      }
    });
  });
}
