import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { QueryTypes, type Sequelize } from "sequelize";
import { type CountedWrite, countedWrites } from "../../lib/database/counted-writes.ts";
import { type CounterTable, change } from "../../lib/database/counters.ts";
import { deleteWhere, insertOnce } from "../../lib/database/guarded-rows.ts";
import { inWriteTransaction } from "../../lib/database/write-transaction.ts";
import { chance } from "../support/chance.ts";

/** Who holds a place at which table: rows, and how many there are per person and per table. */
const perPerson: CounterTable<"places"> = {
  table: "person_counts",
  key: "person",
  counts: { places: { rows: "places", by: "person" } },
};
const perDesk: CounterTable<"places" | "seen"> = {
  table: "desk_counts",
  key: "desk",
  counts: { places: { rows: "places", by: "desk" }, seen: { rows: "sights", by: "desk" } },
};

/** What every database has to do for rows and their counters. `open` answers one without tables. */
export function countedWritesContract(
  name: string,
  open: (t: TestContext) => Promise<Sequelize>,
): void {
  async function tables(t: TestContext) {
    const database = await open(t);
    await database.query(
      "CREATE TABLE places (person BIGINT, desk BIGINT, PRIMARY KEY (person, desk))",
    );
    await database.query("CREATE TABLE person_counts (person BIGINT PRIMARY KEY, places BIGINT)");
    await database.query(
      "CREATE TABLE desk_counts (desk BIGINT PRIMARY KEY, places BIGINT, seen BIGINT)",
    );
    const select = (sql: string) => database.query(sql, { type: QueryTypes.SELECT });
    return { database, select };
  }

  const take = (database: Sequelize, person: number, desk: number): CountedWrite<boolean> => ({
    row: ["places", person, desk],
    async apply(transaction) {
      const result = await insertOnce(database, transaction, "places", { person, desk });
      return { result, changes: result ? changes(person, desk, 1) : [] };
    },
  });
  const leave = (database: Sequelize, person: number, desk: number): CountedWrite<boolean> => ({
    row: ["places", person, desk],
    async apply(transaction) {
      const result = (await deleteWhere(database, transaction, "places", { person, desk })) === 1;
      return { result, changes: result ? changes(person, desk, -1) : [] };
    },
  });
  const changes = (person: number, desk: number, places: number) => [
    change(perPerson, person, { places }),
    change(perDesk, desk, { places }),
  ];

  describe(`counted writes: ${name}`, () => {
    it("count a row that was inserted, once", async (t) => {
      const { database, select } = await tables(t);
      const writes = countedWrites(database);
      assert.equal(await writes.write(take(database, 1, 2 ** 53 - 1)), true);
      assert.equal(await writes.write(take(database, 1, 2 ** 53 - 1)), false);
      assert.deepEqual(await select("SELECT * FROM person_counts"), [{ person: 1, places: 1 }]);
      assert.deepEqual(await select("SELECT * FROM desk_counts"), [
        { desk: 2 ** 53 - 1, places: 1, seen: 0 },
      ]);
    });

    it("count a row that was deleted, once", async (t) => {
      const { database, select } = await tables(t);
      const writes = countedWrites(database);
      await writes.write(take(database, 1, 7));
      assert.equal(await writes.write(leave(database, 1, 7)), true);
      assert.equal(await writes.write(leave(database, 1, 7)), false);
      assert.deepEqual(await select("SELECT * FROM desk_counts"), [
        { desk: 7, places: 0, seen: 0 },
      ]);
    });

    it("do what is asked for at once in the order it was asked", async (t) => {
      const { database, select } = await tables(t);
      const writes = countedWrites(database);
      const results = await Promise.all([
        writes.write(take(database, 1, 7)),
        writes.write(leave(database, 1, 7)),
        writes.write(take(database, 1, 7)),
        writes.write(take(database, 1, 7)),
        writes.write(take(database, 2, 7)),
      ]);
      assert.deepEqual(results, [true, true, true, false, true]);
      assert.deepEqual(await select("SELECT person FROM places ORDER BY person"), [
        { person: 1 },
        { person: 2 },
      ]);
      assert.deepEqual(await select("SELECT desk, places FROM desk_counts"), [
        { desk: 7, places: 2 },
      ]);
    });

    it("let a change fail for its caller only, and count nothing of it", async (t) => {
      const { database, select } = await tables(t);
      const writes = countedWrites(database);
      const broken: CountedWrite<boolean> = {
        row: ["places", 2, 7],
        async apply(transaction) {
          await take(database, 2, 7).apply(transaction);
          throw new Error("not this one");
        },
      };
      const outcomes = await Promise.allSettled([
        writes.write(take(database, 1, 7)),
        writes.write(broken),
        writes.write(take(database, 3, 7)),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.deepEqual(await select("SELECT person FROM places ORDER BY person"), [
        { person: 1 },
        { person: 3 },
      ]);
      assert.deepEqual(await select("SELECT * FROM desk_counts"), [
        { desk: 7, places: 2, seen: 0 },
      ]);
    });

    it("let two who write at random, while others write too, agree with the rows", async (t) => {
      const { database, select } = await tables(t);
      const random = chance(t);
      const writers = [countedWrites(database), countedWrites(database)];
      await Promise.all(
        Array.from({ length: 600 }, async (_, n) => {
          const [person, desk] = [random.whole(1, 12), random.whole(1, 5)];
          const what = random.whole(0, 1) === 1 ? take : leave;
          await writers[n % 2]?.write(what(database, person, desk));
          if (n % 5 === 0) await database.query(`SELECT COUNT(*) FROM places WHERE desk = ${desk}`);
        }),
      );
      const kept = "SELECT desk AS id, places AS n FROM desk_counts WHERE places <> 0";
      const counted = "SELECT desk AS id, COUNT(*) AS n FROM places GROUP BY desk";
      assert.deepEqual(await select(`${kept} ORDER BY id`), await select(`${counted} ORDER BY id`));
      assert.deepEqual(
        await select(
          "SELECT person AS id, places AS n FROM person_counts WHERE places <> 0 ORDER BY id",
        ),
        await select("SELECT person AS id, COUNT(*) AS n FROM places GROUP BY person ORDER BY id"),
      );
    });

    it("run the victim of a deadlock again", async (t) => {
      const { database, select } = await tables(t);
      await database.query("INSERT INTO person_counts VALUES (1, 0), (2, 0)");
      let runs = 0;
      /** Resolves when both have their first row, or when they cannot: one at a time. */
      const bothHold = Promise.withResolvers<void>();
      let holders = 0;
      const addTo = (first: number, second: number) =>
        inWriteTransaction(database, async (transaction) => {
          runs += 1;
          const add = (person: number) =>
            database.query(
              `UPDATE person_counts SET places = places + 1 WHERE person = ${person}`,
              {
                transaction,
              },
            );
          await add(first);
          holders += 1;
          if (holders === 2 || database.getDialect() === "sqlite") bothHold.resolve();
          await bothHold.promise;
          await add(second);
        });
      await Promise.all([addTo(1, 2), addTo(2, 1)]);
      assert.equal(runs, database.getDialect() === "sqlite" ? 2 : 3);
      assert.deepEqual(await select("SELECT * FROM person_counts ORDER BY person"), [
        { person: 1, places: 2 },
        { person: 2, places: 2 },
      ]);
    });

    it("leave nothing open when a transaction fails", async (t) => {
      const { database } = await tables(t);
      const failing = inWriteTransaction(database, async () => {
        throw new Error("no");
      });
      await assert.rejects(failing, { message: "no" });
      const writes = countedWrites(database);
      assert.equal(await writes.write(take(database, 1, 1)), true);
      await writes.drain();
    });
  });
}
