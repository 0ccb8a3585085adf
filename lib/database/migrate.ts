import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { QueryInterface, Sequelize } from "sequelize";
import { SequelizeStorage, Umzug } from "umzug";

/** One step of the schema, in `services/<name>/migrations/<date>-<what>.ts`. */
export interface Migration {
  up(query: QueryInterface): Promise<void>;
  down(query: QueryInterface): Promise<void>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * All migrations of all services, ordered by file name (they begin with a date and a number), kept
 * in the table `schema_migrations`.
 */
export function migrations(sequelize: Sequelize): Umzug<QueryInterface> {
  const files = globSync("services/*/migrations/*.ts", { cwd: root }).sort((a, b) =>
    basename(a) < basename(b) ? -1 : 1,
  );
  return new Umzug({
    migrations: files.map((file) => {
      const load = () => import(pathToFileURL(join(root, file)).href) as Promise<Migration>;
      return {
        name: basename(file, ".ts"),
        up: async ({ context }: { context: QueryInterface }) => (await load()).up(context),
        down: async ({ context }: { context: QueryInterface }) => (await load()).down(context),
      };
    }),
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize, tableName: "schema_migrations" }),
    logger: undefined,
  });
}

/**
 * Brings the schema up to date. With SQLite all or nothing, so that a process that is killed in the
 * middle leaves nothing half done; MySQL commits each statement that changes a schema by itself.
 */
export async function migrate(sequelize: Sequelize): Promise<void> {
  const steps = migrations(sequelize);
  if (sequelize.getDialect() !== "sqlite") {
    await steps.up();
    return;
  }
  // Whatever names no transaction shares one connection with SQLite: the steps do, and so does this.
  await sequelize.query("BEGIN IMMEDIATE");
  try {
    await steps.up();
  } catch (error) {
    await sequelize.query("ROLLBACK");
    throw error;
  }
  await sequelize.query("COMMIT");
}
