import assert from "node:assert/strict";
import type { Options, Sequelize } from "sequelize";

/** What a service asked of the database: all but its plain insertions. */
export interface Statements {
  /** Every distinct statement on one of the tables, with `?` for values. */
  texts(): string[];
  /**
   * Which indexes SQLite would use for them, sorted. Fails when a statement looks through a whole
   * table or index, or sorts what it found by itself.
   */
  indexes(): Promise<string[]>;
}

const STEP = /^SEARCH \S+ USING (?:COVERING )?(?:INDEX )?(INTEGER PRIMARY KEY|\S+) \(/;

/** Records what is said to a SQLite database about these tables from now on. */
export function recordStatements(database: Sequelize, tables: readonly string[]): Statements {
  const said = new Map<string, string>();
  const { options } = database as unknown as { options: Options };
  options.logging = (line) => {
    const statement = line.replace(/^Executing \([^)]*\): /, "");
    const isOurs = tables.some((table) =>
      new RegExp(`\`${table}\`|(?:FROM|JOIN|UPDATE) ${table}\\b`).test(statement),
    );
    if (isOurs && /^(SELECT|UPDATE|DELETE)/.test(statement))
      said.set(statement.replaceAll(/'(?:[^']|'')*'|\b\d+\b/g, "?"), statement);
  };

  async function indexesOf(statement: string): Promise<string[]> {
    const [steps] = await database.query(`EXPLAIN QUERY PLAN ${statement}`);
    return (steps as { detail: string }[]).flatMap(({ detail }) => {
      // A list that came with the statement is no table.
      assert.doesNotMatch(detail, /SCAN (?!\w+ VIRTUAL TABLE)|TEMP B-TREE/, statement);
      return STEP.exec(detail)?.[1] ?? [];
    });
  }

  return {
    texts: () => [...said.keys()],
    async indexes() {
      options.logging = false;
      const used = await Promise.all([...said.values()].map(indexesOf));
      return [...new Set(used.flat())].sort();
    },
  };
}
