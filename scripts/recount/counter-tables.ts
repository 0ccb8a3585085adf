import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CounterTable } from "../../lib/database/counters.ts";

/** The tables of counters of all services, as these declare them, by name. */
export async function counterTables(root: string): Promise<CounterTable[]> {
  const files = globSync("services/*/counters.ts", { cwd: root });
  const modules = await Promise.all(
    files.map(async (file) => {
      const module = await import(pathToFileURL(join(root, file)).href);
      return module.counters as readonly CounterTable[];
    }),
  );
  return modules.flat().sort((a, b) => (a.table < b.table ? -1 : 1));
}
