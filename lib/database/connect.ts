import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sqlite3 from "@appthreat/sqlite3";
import { type Options, Sequelize } from "sequelize";
import type { Env } from "../env.ts";

/** Connections per node to a database server; a service waits at most `acquire` ms for one. */
const POOL = { max: 16, min: 1, acquire: 10_000, idle: 30_000 };

/**
 * Opens the one Sequelize instance of a node: MySQL/MariaDB by `DATABASE_URL`, else a SQLite file in
 * the data folder. Nothing is connected yet.
 */
export function openDatabase(env: Env): Sequelize {
  const sequelize =
    env.databaseUrl === null ? openSqlite(env.dataDir) : openMysql(env.databaseUrl);
  // umzug owns the schema; moleculer-db-adapter-sequelize must not sync models by itself.
  return Object.assign(sequelize, { noSync: true });
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

function openSqlite(dataDir: string): Sequelize {
  mkdirSync(dataDir, { recursive: true });
  const sequelize = new Sequelize({
    ...common,
    dialect: "sqlite",
    dialectModule: sqlite3,
    storage: join(dataDir, "molimoli.sqlite"),
  });
  // The connection serves all queries but transactions, which open their own: hence busy_timeout.
  // synchronous=FULL makes a commit survive a power cut too; grouped commits pay for it.
  sequelize.addHook("afterConnect", async (connection) => {
    const run = (sql: string) =>
      new Promise<void>((done, failed) => {
        (connection as sqlite3.Database).exec(sql, (error) => (error ? failed(error) : done()));
      });
    await run("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  });
  return sequelize;
}
