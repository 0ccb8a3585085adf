import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Sequelize } from "sequelize";
import { expectDatabase, openDatabase, sqliteFile } from "../lib/database/connect.ts";
import type { CounterTable } from "../lib/database/counters.ts";
import { migrations } from "../lib/database/migrate.ts";
import { type Drift, findDrift } from "../lib/database/recount.ts";
import { type Env, EnvError, readEnv } from "../lib/env.ts";
import { Failure } from "./bootstrap/failure.mjs";
import { counterTables } from "./recount/counter-tables.ts";
import { HELP, type RecountOptions, readOptions } from "./recount/options.ts";

/** Keys of a table that are shown one by one. */
const SHOWN = 20;

/** Answers how many keys differ. */
async function main({ check }: RecountOptions, env: Env): Promise<number> {
  const database = await openUpToDate(env);
  try {
    let total = 0;
    for (const counter of await counterTables(join(import.meta.dirname, "..")))
      total += await recount(database, counter, check);
    return total;
  } finally {
    await database.close();
  }
}

/** A database with all its tables, which only the server makes. */
async function openUpToDate(env: Env): Promise<Sequelize> {
  if (env.databaseUrl === null && !existsSync(sqliteFile(env.dataDir)))
    throw new Failure(`There is no database in ${env.dataDir}.`);
  const database = openDatabase(env);
  try {
    await expectDatabase(database, env);
    if ((await migrations(database).pending()).length === 0) return database;
  } catch (error) {
    await database.close();
    throw new Failure((error as Error).message);
  }
  await database.close();
  throw new Failure(
    "The database is of an older version: start the server once, which updates it.",
  );
}

async function recount(
  database: Sequelize,
  counter: CounterTable,
  check: boolean,
): Promise<number> {
  let drifted = 0;
  for await (const drift of findDrift(database, counter, !check)) {
    drifted += 1;
    if (drifted <= SHOWN) console.log(describe(counter, drift));
  }
  if (drifted > SHOWN) console.log(`  … and ${drifted - SHOWN} more`);
  const outcome = drifted === 0 ? "right" : `${drifted} wrong${check ? "" : ", set right"}`;
  console.log(`${drifted === 0 ? "✓" : "✗"} ${counter.table}: ${outcome}`);
  return drifted;
}

/** `  video_id 5: likes 3 should be 4`. */
function describe({ key, counts }: CounterTable, { id, kept, counted }: Drift): string {
  const wrong = Object.keys(counts).filter((column) => kept[column] !== counted[column]);
  const each = wrong.map((column) => `${column} ${kept[column]} should be ${counted[column]}`);
  return `  ${key} ${id}: ${each.join(", ")}`;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
  } else {
    const drifted = await main(options, readEnv(process.env));
    process.exitCode = options.check && drifted > 0 ? 1 : 0;
  }
} catch (error) {
  if (!(error instanceof Failure || error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
