import { join } from "node:path";
import * as sqlite from "@appthreat/sqlite3";
import { type Options, Sequelize } from "sequelize";
import { ensureDir } from "../ensure-dir.ts";
import type { Env } from "../env.ts";

/** Connections per node to a database server; a service waits at most `acquire` ms for one. */
const POOL = { max: 16, min: 1, acquire: 10_000, idle: 30_000 };

/**
 * Opens the one Sequelize instance of a node: MySQL/MariaDB by `DATABASE_URL`, else a SQLite file in
 * the data folder. Nothing is connected yet.
 */
export function openDatabase(env: Env): Sequelize {
  const sequelize = env.databaseUrl === null ? openSqlite(env.dataDir) : openMysql(env.databaseUrl);
  // umzug owns the schema; moleculer-db-adapter-sequelize must not sync models by itself.
  return Object.assign(sequelize, { noSync: true });
}

/**
 * Connects for the first time.
 *
 * @throws Error with a sentence for people that says which database cannot be used, and why
 */
export async function expectDatabase(database: Sequelize, env: Env): Promise<void> {
  try {
    await database.authenticate();
  } catch (error) {
    const which = env.databaseUrl === null ? sqliteFile(env.dataDir) : "of DATABASE_URL";
    throw new Error(`The database ${which} cannot be used (${(error as Error).message}).`);
  }
}

const common: Options = {
  logging: false,
  define: { timestamps: false, freezeTableName: true },
};

function openMysql(url: string): Sequelize {
  return new Sequelize(url.replace(/^(mariadb|mysqls):/, "mysql:"), {
    ...common,
    dialect: "mysql",
    pool: POOL,
    dialectOptions: {
      charset: "utf8mb4",
      supportBigNumbers: true,
      ...(url.startsWith("mysqls:") ? { ssl: { minVersion: "TLSv1.2" } } : {}),
    },
  });
}

// The package's types leave out its default export, the module that Sequelize wants.
const { default: sqlite3 } = sqlite as unknown as { default: typeof sqlite };

/**
 * Connections that are set up before their first use. Sequelize calls no connection hooks with
 * SQLite, and it opens one more connection for each transaction: hence here, and busy_timeout.
 * synchronous=FULL makes a commit survive a power cut too; grouped commits pay for it.
 */
class SqliteConnection extends sqlite3.Database {
  constructor(file: string, mode: number, opened: (error: Error | null) => void) {
    const setup =
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    super(file, mode, (error) => (error === null ? this.exec(setup, opened) : opened(error)));
  }
}

function openSqlite(dataDir: string): Sequelize {
  ensureDir(dataDir);
  return new Sequelize({
    ...common,
    dialect: "sqlite",
    dialectModule: { ...sqlite3, Database: SqliteConnection },
    storage: sqliteFile(dataDir),
  });
}

/** Where the embedded database is. */
export function sqliteFile(dataDir: string): string {
  return join(dataDir, "molimoli.sqlite");
}
