import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Sequelize } from "sequelize";
import { openDatabase } from "../../lib/database/connect.ts";
import { migrate, migrations } from "../../lib/database/migrate.ts";
import { readEnv } from "../../lib/env.ts";
import { cleanUp } from "../support/cleanup.ts";
import { tempDir } from "../support/temp-dir.ts";

/** An empty database of this test's own. */
async function emptyDatabase(t: TestContext): Promise<Sequelize> {
  const database = openDatabase(readEnv({ DATA_DIR: await tempDir(t) }));
  cleanUp(t, () => database.close());
  return database;
}

/** Every table and index that migrations made, as SQLite keeps their definitions. */
async function schemaOf(database: Sequelize): Promise<unknown[]> {
  const [objects] = await database.query(
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name <> 'schema_migrations' AND tbl_name <> 'schema_migrations' ORDER BY name",
  );
  return objects;
}

describe("migrations", () => {
  it("lead up, back to nothing, and up to the same schema again", async (t) => {
    const database = await emptyDatabase(t);
    const steps = migrations(database);
    const done = await steps.up();
    assert.ok(done.length > 0);
    const first = await schemaOf(database);
    assert.ok(first.length > done.length);

    assert.equal((await steps.down({ to: 0 })).length, done.length);
    assert.deepEqual(await schemaOf(database), []);

    await steps.up();
    assert.deepEqual(await schemaOf(database), first);
  });

  it("each take back exactly what they did", async (t) => {
    const database = await emptyDatabase(t);
    const steps = migrations(database);
    const before: unknown[][] = [];
    for (const { name } of await steps.pending()) {
      before.push(await schemaOf(database));
      await steps.up({ to: name });
    }
    for (const { name } of (await steps.executed()).reverse()) {
      await steps.down({ to: name });
      assert.deepEqual(await schemaOf(database), before.pop(), name);
    }
  });

  it("have nothing to do the second time", async (t) => {
    const database = await emptyDatabase(t);
    await migrations(database).up();
    assert.deepEqual(await migrations(database).up(), []);
  });

  it("leave nothing half done, whenever the process dies", async (t) => {
    const folder = await tempDir(t);
    const database = openDatabase(readEnv({ DATA_DIR: join(folder, "whole") }));
    cleanUp(t, () => database.close());
    // What a kill between two statements leaves behind: the files as they are at that moment.
    let deaths = 0;
    const { options } = database as unknown as { options: { logging: false | (() => void) } };
    options.logging = () =>
      cpSync(join(folder, "whole"), join(folder, `died ${++deaths}`), { recursive: true });
    await migrate(database);
    options.logging = false;
    const whole = await schemaOf(database);
    assert.ok(deaths > whole.length);

    for (let death = 1; death <= deaths; death++) {
      const left = openDatabase(readEnv({ DATA_DIR: join(folder, `died ${death}`) }));
      cleanUp(t, () => left.close());
      await migrate(left);
      assert.deepEqual(await schemaOf(left), whole);
    }
  });

  it("are named by date, number and what they do, each name once", async (t) => {
    const names = (await migrations(await emptyDatabase(t)).pending()).map(({ name }) => name);
    for (const name of names) assert.match(name, /^\d{4}-\d\d-\d\d-\d\d-[a-z][a-z-]*$/);
    const places = names.map((name) => name.slice(0, 13));
    assert.deepEqual(places, [...new Set(places)].sort());
  });
});
