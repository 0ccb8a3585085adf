import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { QueryTypes, type Sequelize } from "sequelize";
import { migrate, migrations } from "../../lib/database/migrate.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait-for.ts";

const MIGRATOR = join(import.meta.dirname, "..", "support", "migrator.ts");
const emptyDatabase = mariadbForEach({ after });

/** A process that migrates. */
function migrator(t: CleanupScope, env: Record<string, string>, ready: RegExp) {
  return startProcess(t, { command: process.execPath, args: [MIGRATOR], env, ready });
}

/** What every table is made of, its own list of migrations included. */
async function schemaOf(database: Sequelize): Promise<string[]> {
  const tables = await database.getQueryInterface().showAllTables();
  const made: string[] = [];
  for (const table of tables.sort()) {
    const [rows] = await database.query(`SHOW CREATE TABLE \`${table}\``);
    made.push((rows as Record<string, string>[])[0]?.["Create Table"] ?? "");
  }
  return made;
}

async function stepsDone(database: Sequelize): Promise<string[]> {
  return (await migrations(database).executed()).map(({ name }) => name);
}

const waitingForLock = (database: Sequelize) => async () => {
  const rows = await database.query("SHOW PROCESSLIST", { type: QueryTypes.SELECT });
  return (rows as { State: string | null }[]).some(({ State }) => State === "User lock");
};

describe("migrations on MariaDB", () => {
  it("are made by one of several nodes that start together, while the others wait for it", async (t) => {
    const { database, env } = await emptyDatabase(t);
    const nodes = await Promise.all([1, 2, 3].map(() => migrator(t, env, /done/)));
    const busy = nodes.filter((node) => /change 3\n/.test(node.output()));
    assert.equal(busy.length, 1, nodes.map((node) => node.output()).join("\n---\n"));
    for (const node of nodes) assert.equal((await node.ended).code, 0);
    assert.deepEqual(await migrations(database).pending(), []);
  });

  it("are finished by the one that waits when the other is killed in the middle", async (t) => {
    const { database, env } = await emptyDatabase(t);
    const first = await migrator(t, { ...env, STOP_BEFORE: "7" }, /stands still/);
    const second = migrator(t, env, /done/);
    await waitFor(waitingForLock(database), { timeoutMs: 20_000 });
    assert.notDeepEqual(await migrations(database).pending(), []);
    await first.stop("SIGKILL");
    await second;
    const done = await schemaOf(database);
    assert.deepEqual(await migrations(database).pending(), []);

    await database.getQueryInterface().dropAllTables();
    await migrate(database);
    assert.deepEqual(done, await schemaOf(database));
  });

  it("lead to the same schema wherever they were cut short, and how often", async (t) => {
    const { database } = await emptyDatabase(t);
    await migrate(database);
    const whole = await schemaOf(database);
    const names = await stepsDone(database);
    await database.getQueryInterface().dropAllTables();

    const { options } = database as unknown as { options: { logging: false | (() => void) } };
    // So many changes each life makes before it ends, in turns: every place is an end for some of them.
    const lifetimes = [1, 2, 3, 5, 4, 8, 6, 7, 9, 12];
    let deaths = 0;
    for (let life = 0; (await migrations(database).pending()).length > 0; life++) {
      let left = lifetimes[life % lifetimes.length] as number;
      options.logging = (line = "") => {
        if (/CREATE|ALTER|INSERT/.test(line) && left-- === 0) throw new Error("killed");
      };
      await migrate(database).catch((error: Error) => {
        assert.match(String(error), /killed/);
        deaths++;
      });
      options.logging = false;
    }
    assert.ok(deaths > names.length / 2);
    assert.deepEqual(await schemaOf(database), whole);
    assert.deepEqual(await stepsDone(database), names);
  });

  it("are given up with a sentence when another node takes too long over them", async (t) => {
    const { database } = await emptyDatabase(t);
    const other = await database.transaction();
    cleanUp(t, () => other.rollback());
    await database.query("SELECT GET_LOCK(CONCAT('molimoli-', SHA1(DATABASE())), 0)", {
      transaction: other,
    });
    await assert.rejects(migrate(database, 1), /Another node has been changing the schema/);
    assert.deepEqual(await database.getQueryInterface().showAllTables(), []);
  });

  it("end when the lock is lost on the way", async (t) => {
    const { database } = await emptyDatabase(t);
    const { options } = database as unknown as {
      options: { logging: false | ((line: string) => void) };
    };
    let killed: Promise<unknown> | undefined;
    options.logging = (line) => {
      if (killed !== undefined || !/CREATE TABLE IF NOT EXISTS `users`/.test(line)) return;
      killed = killLockHolder(database);
    };
    await assert.rejects(migrate(database));
    options.logging = false;
    await killed;
    assert.notDeepEqual(await migrations(database).pending(), []);
    await migrate(database);
    assert.deepEqual(await migrations(database).pending(), []);
  });
});

async function killLockHolder(database: Sequelize): Promise<void> {
  const [row] = await database.query<{ id: number }>(
    "SELECT IS_USED_LOCK(CONCAT('molimoli-', SHA1(DATABASE()))) AS id",
    { type: QueryTypes.SELECT, logging: false },
  );
  await database.query(`KILL ${row?.id}`, { logging: false });
}
