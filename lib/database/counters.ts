import { QueryTypes, type Sequelize, type Transaction } from "sequelize";

/**
 * A table that keeps how many rows of other tables belong to each key (a video, a user), so that
 * nobody has to count them. It is right because it changes in the transaction that inserts or deletes
 * such a row, and can be made anew from them (`npm run recount`).
 *
 * Services declare theirs in `services/<name>/counters.ts`, exported as `counters`.
 */
export interface CounterTable<Column extends string = string> {
  readonly table: string;
  /** Its primary key. */
  readonly key: string;
  /** What each column counts: the rows of a table that have the key in the column `by` (indexed). */
  readonly counts: Readonly<Record<Column, { rows: string; by: string }>>;
}

/** What changed for one key. */
export interface CounterChange {
  readonly counter: CounterTable;
  readonly id: number;
  /** By column; negative when rows went. */
  readonly add: Readonly<Record<string, number>>;
}

/** A change of one key; a column that the table has not does not compile. */
export function change<Column extends string>(
  counter: CounterTable<Column>,
  id: number,
  add: { readonly [C in Column]?: number },
): CounterChange {
  return { counter, id, add: add as Record<string, number> };
}

/**
 * Adds changes to their counters: one statement for each table, tables and keys in ascending order,
 * so that no two transactions wait for each other crosswise.
 */
export async function addToCounters(
  database: Sequelize,
  transaction: Transaction,
  changes: readonly CounterChange[],
): Promise<void> {
  for (const { counter, sums } of mergeChanges(changes)) {
    const sql = upsertSql(counter, sums, database.getDialect() === "sqlite");
    await database.query(sql, { transaction, type: QueryTypes.RAW });
  }
}

interface MergedChanges {
  counter: CounterTable;
  /** Per key, ascending, the sums in the order of the counter's columns. */
  sums: [id: number, ...number[]][];
}

/** Sums up per key; keys whose sums are all 0 are left out. */
export function mergeChanges(changes: readonly CounterChange[]): MergedChanges[] {
  const tables = new Map<string, { counter: CounterTable; byId: Map<number, number[]> }>();
  for (const { counter, id, add } of changes) {
    const known = tables.get(counter.table) ?? { counter, byId: new Map<number, number[]>() };
    tables.set(counter.table, known);
    const columns = Object.keys(counter.counts);
    const sums = known.byId.get(id) ?? columns.map(() => 0);
    known.byId.set(
      id,
      columns.map((column, at) => (sums[at] ?? 0) + (add[column] ?? 0)),
    );
  }
  return [...tables.values()]
    .map(({ counter, byId }) => ({
      counter,
      sums: [...byId]
        .filter(([, sums]) => sums.some((sum) => sum !== 0))
        .sort(([a], [b]) => a - b)
        .map(([id, sums]): [number, ...number[]] => [id, ...sums]),
    }))
    .filter(({ sums }) => sums.length > 0)
    .sort((a, b) => (a.counter.table < b.counter.table ? -1 : 1));
}

/** Whole numbers only, so they may stand in the statement. */
function upsertSql({ table, key, counts }: CounterTable, sums: number[][], sqlite: boolean) {
  const columns = Object.keys(counts);
  const rows = sums.map((values) => `(${values.map(whole).join(", ")})`);
  const added = (column: string) => (sqlite ? `excluded.${column}` : `VALUES(${column})`);
  const update = columns.map((column) => `${column} = ${table}.${column} + ${added(column)}`);
  return `INSERT INTO ${table} (${[key, ...columns].join(", ")}) VALUES ${rows.join(", ")}
    ${sqlite ? `ON CONFLICT (${key}) DO UPDATE SET` : "ON DUPLICATE KEY UPDATE"} ${update.join(", ")}`;
}

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}
