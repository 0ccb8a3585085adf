import { join } from "node:path";
import * as sqlite from "@appthreat/sqlite3";
import { type Options, Sequelize } from "sequelize";
import { ensureDir } from "../ensure-dir.ts";
import type { Env } from "../env.ts";
import { databaseUrls } from "./address.ts";

/** How long a service waits for one of its node's connections, and an idle one is kept, in ms. */
const ACQUIRE_MS = 10_000;
const IDLE_MS = 30_000;
/** The same for replicas, which others can stand in for; and how long one may take to let us in. */
const REPLICA_MS = 2_000;

/** How long a statement waits for another transaction's locks, in seconds. */
const LOCK_WAIT_S = 8;
/** How long a transaction that has written may be silent, in seconds. */
const SILENCE_S = 6;

/**
 * Opens the one Sequelize instance of a node: MySQL/MariaDB by `DATABASE_URL`, else a SQLite file in
 * the data folder. Nothing is connected yet.
 */
export function openDatabase(env: Env): Sequelize {
  const sequelize =
    env.databaseUrl === null
      ? openSqlite(env.dataDir)
      : openMysql(env.databaseUrl, env.databasePool, ACQUIRE_MS);
  // umzug owns the schema; moleculer-db-adapter-sequelize must not sync models by itself.
  return Object.assign(sequelize, { noSync: true });
}

/** Opens what `DATABASE_READ_URL` names, a pool for each. Nothing is connected before it is used. */
export function openReplicas(env: Env): Sequelize[] {
  const urls = env.databaseReadUrl === null ? [] : databaseUrls(env.databaseReadUrl);
  return urls.map((url) => openMysql(url, env.databasePool, REPLICA_MS));
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

function openMysql(url: string, connections: number, acquire: number): Sequelize {
  return new Sequelize(url.replace(/^(mariadb|mysqls):/i, "mysql:"), {
    ...common,
    dialect: "mysql",
    pool: { max: connections, min: 1, acquire, idle: IDLE_MS },
    hooks: { afterConnect: (connection) => setUpMysql(connection as MysqlConnection) },
    dialectOptions: {
      charset: "utf8mb4",
      supportBigNumbers: true,
      connectTimeout: acquire,
      // The name in the certificate counts too; by itself mysql2 looks at who signed it only.
      ...(/^mysqls:/i.test(url) ? { ssl: { minVersion: "TLSv1.2", verifyIdentity: true } } : {}),
    },
  });
}

/** What this file needs of a connection of mysql2. */
interface MysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}

/**
 * A node whose machine stands still or vanished keeps its connections, as far as the server can see,
 * and with them the locks of what it was writing, such as the counters of a video that everybody likes.
 * MariaDB takes a transaction back that says nothing for a while; MySQL skips that part of the
 * statement, a comment to it, and has to notice by TCP. Who waits for a lock gives up sooner than the
 * 50 s that are usual: nobody waits for their answer any more.
 */
const BOUNDS = `SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_S}
  /*M!100300 , idle_write_transaction_timeout = ${SILENCE_S} */`;

function setUpMysql(connection: MysqlConnection): Promise<void> {
  return new Promise((done, failed) => {
    connection.query(BOUNDS, (error) => (error === null ? done() : failed(error)));
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
