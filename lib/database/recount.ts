import { QueryTypes, type Sequelize, type Transaction } from "sequelize";
import type { CounterTable } from "./counters.ts";
import { insertOnce } from "./guarded-rows.ts";
import { inWriteTransaction } from "./write-transaction.ts";

/** A key whose counters differ from its rows: by column, what was kept and what there is. */
export interface Drift {
  id: number;
  kept: Record<string, number>;
  counted: Record<string, number>;
}

/** Keys that are compared in one statement. */
const PAGE = 500;
/** Keys that are set in one transaction: meanwhile their writers wait. */
const MENDED = 50;

/**
 * Compares a table of counters with the rows it counts, key by key in ascending order, and mends what
 * differs if `mend` says so. Safe while others write: rows and counters change in one transaction, so a
 * single statement sees either both or neither, and what it finds different has really drifted.
 */
export async function* findDrift(
  database: Sequelize,
  counter: CounterTable,
  mend: boolean,
): AsyncGenerator<Drift> {
  let after = 0;
  for (;;) {
    const upTo = await endOfPage(database, counter, after);
    if (upTo === null) return;
    const found = await compare(database, counter, after, upTo);
    if (mend)
      for (let at = 0; at < found.length; at += MENDED) {
        const ids = found.slice(at, at + MENDED).map(({ id }) => id);
        await setCounters(database, counter, ids);
      }
    yield* found;
    after = upTo;
  }
}

/** The highest of the next keys that there are in the counters or in any of the rows; null at the end. */
async function endOfPage(
  database: Sequelize,
  { table, key, counts }: CounterTable,
  after: number,
): Promise<number | null> {
  const sources = [{ rows: table, by: key }, ...Object.values(counts)];
  const found = await Promise.all(
    sources.map(({ rows, by }) =>
      database.query<{ id: number }>(
        `SELECT DISTINCT ${by} AS id FROM ${rows} WHERE ${by} > :after ORDER BY ${by} LIMIT ${PAGE}`,
        { type: QueryTypes.SELECT, replacements: { after } },
      ),
    ),
  );
  const ids = [...new Set(found.flat().map(({ id }) => id))].sort((a, b) => a - b);
  // Further on some of the lists may be cut.
  return ids[PAGE - 1] ?? ids.at(-1) ?? null;
}

async function compare(
  database: Sequelize,
  { table, key, counts }: CounterTable,
  after: number,
  upTo: number,
): Promise<Drift[]> {
  const columns = Object.entries(counts);
  const range = (by: string) => `${by} > :after AND ${by} <= :upTo`;
  /** One side of the comparison: what it knows, and 0 for all else. */
  const side = (id: string, known: Record<string, string>) =>
    `SELECT ${id} AS id, ${columns
      .flatMap((_, n) => [`kept${n}`, `counted${n}`])
      .map((name) => `${known[name] ?? 0} AS ${name}`)
      .join(", ")}`;
  const kept = Object.fromEntries(columns.map(([column], n) => [`kept${n}`, column]));
  const sides = [
    `${side(key, kept)} FROM ${table} WHERE ${range(key)}`,
    ...columns.map(
      ([, { rows, by }], n) =>
        `${side(by, { [`counted${n}`]: "COUNT(*)" })} FROM ${rows} WHERE ${range(by)} GROUP BY ${by}`,
    ),
  ];
  const sums = columns.map((_, n) => `SUM(kept${n}) AS k${n}, SUM(counted${n}) AS c${n}`);
  const differ = columns.map((_, n) => `SUM(kept${n}) <> SUM(counted${n})`);
  const rows = await database.query<Record<string, number | string>>(
    `SELECT id, ${sums.join(", ")} FROM (${sides.join(" UNION ALL ")}) AS sides
      GROUP BY id HAVING ${differ.join(" OR ")} ORDER BY id`,
    { type: QueryTypes.SELECT, replacements: { after, upTo } },
  );
  // MySQL's sums are decimals, which come as text.
  const take = (row: Record<string, number | string>, letter: string) =>
    Object.fromEntries(columns.map(([column], n) => [column, Number(row[`${letter}${n}`])]));
  return rows.map((row) => ({ id: Number(row.id), kept: take(row, "k"), counted: take(row, "c") }));
}

/**
 * Sets the counters of some keys, ascending, to what there is. Who changes rows of these keys has the
 * lock on their counters when they commit: either before it is taken here, and their rows are counted,
 * or after it is given back, and they add to what is set here.
 */
function setCounters(
  database: Sequelize,
  counter: CounterTable,
  ids: readonly number[],
): Promise<void> {
  const { table, key, counts } = counter;
  const columns = Object.keys(counts);
  return inWriteTransaction(database, async (transaction) => {
    const none = Object.fromEntries(columns.map((column) => [column, 0]));
    // Only what is missing: who inserts a row that is there locks it for reading, as others may, and
    // of all who then want to write it one has to start over.
    const there = await lockRows(database, transaction, counter, ids);
    const missing = ids.filter((id) => !there.has(id));
    for (const id of missing)
      await insertOnce(database, transaction, table, { [key]: id, ...none });
    if (missing.length > 0) await lockRows(database, transaction, counter, missing);
    const counted = await countRows(database, transaction, counter, ids);
    const set = columns.map((column) => `${column} = :${column}`);
    for (const id of ids)
      await database.query(`UPDATE ${table} SET ${set.join(", ")} WHERE ${key} = :id`, {
        transaction,
        replacements: { ...none, ...counted.get(id), id },
      });
  });
}

/** Locks the counters of some keys, ascending; answers which of them there are. */
async function lockRows(
  database: Sequelize,
  transaction: Transaction,
  { table, key }: CounterTable,
  ids: readonly number[],
): Promise<Set<number>> {
  // SQLite has one writer at a time.
  const lock = database.getDialect() === "sqlite" ? "" : "FOR UPDATE";
  const rows = await database.query<{ id: number }>(
    `SELECT ${key} AS id FROM ${table} WHERE ${key} IN (:ids) ORDER BY ${key} ${lock}`,
    { transaction, type: QueryTypes.SELECT, replacements: { ids: [...ids] } },
  );
  return new Set(rows.map(({ id }) => Number(id)));
}

/** By key and column; nothing where there are no rows. */
async function countRows(
  database: Sequelize,
  transaction: Transaction,
  { counts }: CounterTable,
  ids: readonly number[],
): Promise<Map<number, Record<string, number>>> {
  const counted = new Map(ids.map((id) => [id, {} as Record<string, number>]));
  for (const [column, { rows, by }] of Object.entries(counts)) {
    const found = await database.query<{ id: number; counted: number }>(
      `SELECT ${by} AS id, COUNT(*) AS counted FROM ${rows} WHERE ${by} IN (:ids) GROUP BY ${by}`,
      { transaction, type: QueryTypes.SELECT, replacements: { ids: [...ids] } },
    );
    for (const { id, counted: count } of found)
      Object.assign(counted.get(id) ?? {}, { [column]: count });
  }
  return counted;
}
