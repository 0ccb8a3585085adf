import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { QueryInterface, Sequelize } from "sequelize";
import { SequelizeStorage, Umzug } from "umzug";
import { overHalfDone } from "./half-done.ts";
import { lockSchema, SCHEMA_WAIT_S } from "./schema-lock.ts";

/** One step of the schema, in `services/<name>/migrations/<date>-<what>.ts`. */
export interface Migration {
  up(query: QueryInterface): Promise<void>;
  down(query: QueryInterface): Promise<void>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * All migrations of all services, ordered by file name (they begin with a date and a number), kept
 * in the table `schema_migrations`.
 *
 * @param beforeEach comes before each step, which is not taken when it throws
 */
export function migrations(
  sequelize: Sequelize,
  beforeEach: () => Promise<void> = async () => {},
): Umzug<QueryInterface> {
  const files = globSync("services/*/migrations/*.ts", { cwd: root }).sort((a, b) =>
    basename(a) < basename(b) ? -1 : 1,
  );
  const query = sequelize.getQueryInterface();
  return new Umzug({
    migrations: files.map((file) => {
      const load = async () => {
        await beforeEach();
        return (await import(pathToFileURL(join(root, file)).href)) as Migration;
      };
      return {
        name: basename(file, ".ts"),
        up: async ({ context }: { context: QueryInterface }) => (await load()).up(context),
        down: async ({ context }: { context: QueryInterface }) => (await load()).down(context),
      };
    }),
    context: sequelize.getDialect() === "sqlite" ? query : overHalfDone(query),
    storage: new SequelizeStorage({ sequelize, tableName: "schema_migrations" }),
    logger: undefined,
  });
}

/**
 * Brings the schema up to date, one node at a time; the others wait, and find it done.
 *
 * With SQLite all or nothing, so that a process that is killed in the middle leaves nothing half
 * done. MySQL commits each statement that changes a schema by itself: there the next one goes on
 * from what it finds.
 *
 * @param waitSeconds how long another node may take
 * @throws Error when it takes longer
 */
export async function migrate(sequelize: Sequelize, waitSeconds = SCHEMA_WAIT_S): Promise<void> {
  if (sequelize.getDialect() === "sqlite") await migrateSqlite(sequelize);
  else await migrateServer(sequelize, waitSeconds);
}

async function migrateServer(sequelize: Sequelize, waitSeconds: number): Promise<void> {
  const lock = await lockSchema(sequelize, waitSeconds);
  try {
    await migrations(sequelize, () => lock.expectHeld()).up();
  } finally {
    await lock.release();
  }
}

async function migrateSqlite(sequelize: Sequelize): Promise<void> {
  // Whatever names no transaction shares one connection with SQLite: the steps do, and so does this.
  await sequelize.query("BEGIN IMMEDIATE");
  try {
    await migrations(sequelize).up();
  } catch (error) {
    await sequelize.query("ROLLBACK");
    throw error;
  }
  await sequelize.query("COMMIT");
}
