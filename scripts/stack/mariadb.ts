import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { Failure } from "../bootstrap/failure.mjs";
import { findCommand } from "../bootstrap/find-on-path.mjs";
import { requireProgram } from "../bootstrap/programs.mjs";
import { ServerProcess } from "./server-process.ts";
import type { StackFolder } from "./stack-folder.ts";

const DATABASE = "molimoli";
const USER = "molimoli";
const CONNECT_MS = 2_000;

/**
 * MariaDB with one database and one user, who may do everything in that database and nothing
 * elsewhere. Small and quick to start, but what it has committed stays committed.
 *
 * @param options more of its command line
 */
export async function mariadb(
  stack: StackFolder,
  options: readonly string[] = [],
): Promise<ServerProcess> {
  const command = requireProgram("mariadb-server");
  const folder = stack.of("mariadb");
  const port = await stack.port("mariadb");
  const password = stack.secret("mariadb");
  const data = join(folder, "data");
  const initFile = join(folder, "init.sql");
  writeFileSync(initFile, accountSql(password), { mode: 0o600 });
  const url = `mysql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
  return new ServerProcess({
    name: "MariaDB",
    command,
    args: [
      // First, or it is not heeded: the system's own settings are another server's.
      "--no-defaults",
      ...asRoot(),
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      "--bind-address=127.0.0.1",
      `--port=${port}`,
      // Relative to the data: a path of a socket may have no more than 107 characters.
      "--socket=mysqld.sock",
      `--pid-file=${join(folder, "pid")}`,
      `--init-file=${initFile}`,
      "--skip-name-resolve",
      "--character-set-server=utf8mb4",
      "--max-connections=500",
      ...INNODB,
      "--innodb-flush-log-at-trx-commit=1",
      "--innodb-buffer-pool-size=64M",
      "--innodb-buffer-pool-dump-at-shutdown=0",
      "--innodb-buffer-pool-load-at-startup=0",
      ...options,
    ],
    folder,
    url,
    setUp: () => (existsSync(data) ? null : installation(data, folder)),
    probe: () => probe(url),
  });
}

/** What the files were made with, every start has to repeat. */
const INNODB = ["--innodb-log-file-size=32M", "--innodb-undo-tablespaces=0"];

/** MariaDB serves as root only when it is told to. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/**
 * Under another name until it is complete: what was interrupted is made anew. Without waiting for the
 * disk, which takes most of the time and protects nothing yet. Without --user even as root: the
 * script would change who owns some of the system's files. With a folder of its own for temporary
 * tables: each MariaDB that starts removes all that it finds there.
 */
function installation(data: string, folder: string) {
  const command = findCommand("mariadb-install-db");
  if (command === undefined) throw new Failure("mariadb-install-db, a part of MariaDB, is missing");
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  return {
    command,
    args: [
      "--no-defaults",
      `--datadir=${unfinished}`,
      `--tmpdir=${folder}`,
      "--auth-root-authentication-method=socket",
      "--skip-test-db",
      "--skip-name-resolve",
      "--loose-debug-no-sync",
      ...INNODB,
    ],
    done: () => renameSync(unfinished, data),
  };
}

/** One statement a line, as init files want it. */
function accountSql(password: string): string {
  const account = `'${USER}'@'127.0.0.1'`;
  return [
    `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`,
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}';`,
    `GRANT ALL ON ${DATABASE}.* TO ${account};`,
    "",
  ].join("\n");
}

async function probe(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_MS });
  // A server that dies meanwhile is found out by the query.
  connection.on("error", () => {});
  try {
    await connection.query("SELECT 1");
  } finally {
    connection.destroy();
  }
}
