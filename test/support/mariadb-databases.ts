import { createConnection } from "mysql2/promise";
import type { Sequelize } from "sequelize";
import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { startStack } from "./stack.ts";

/**
 * One MariaDB for a file; answers what opens its database, empty, for one test after the other.
 */
export function mariadbForEach(
  scope: CleanupScope,
): (t: CleanupScope) => Promise<{ database: Sequelize; env: Record<string, string> }> {
  const starting = startStack(scope, { mariadb: true });
  // Awaited by the first test.
  starting.catch(() => {});
  return async (t) => {
    const { env } = await starting;
    await empty(env.DATABASE_URL as string);
    const database = openDatabase(readEnv({ ...env }));
    cleanUp(t, () => database.close());
    return { database, env: { ...env } };
  };
}

async function empty(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, multipleStatements: true });
  const name = new URL(url).pathname.slice(1);
  await connection.query(`DROP DATABASE ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await connection.end();
}
