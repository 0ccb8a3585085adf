import { QueryTypes, type Sequelize, type Transaction } from "sequelize";

/** A row's columns; text only where the caller has checked its length. */
export type Row = Readonly<Record<string, number | string>>;

/**
 * Inserts a row unless one with the same primary or unique key is there. Of several who insert the
 * same row at once, exactly one is told that it did; the others wait for its transaction to end.
 *
 * Only for values that fit their columns: MySQL would cut others rather than refuse them.
 *
 * @returns whether it was inserted
 */
export async function insertOnce(
  database: Sequelize,
  transaction: Transaction,
  table: string,
  row: Row,
): Promise<boolean> {
  const names = Object.keys(row);
  const values = `(${names.join(", ")}) VALUES (${names.map((name) => `:${name}`).join(", ")})`;
  const sql =
    database.getDialect() === "sqlite"
      ? `INSERT INTO ${table} ${values} ON CONFLICT DO NOTHING`
      : `INSERT IGNORE INTO ${table} ${values}`;
  return (await changedRows(database, transaction, sql, row)) === 1;
}

/**
 * Deletes the rows that have these values, all compared. Of several who delete the same row at once,
 * exactly one is told that it did.
 *
 * @returns how many were deleted
 */
export function deleteWhere(
  database: Sequelize,
  transaction: Transaction,
  table: string,
  match: Row,
): Promise<number> {
  const conditions = Object.keys(match).map((name) => `${name} = :${name}`);
  const sql = `DELETE FROM ${table} WHERE ${conditions.join(" AND ")}`;
  return changedRows(database, transaction, sql, match);
}

function changedRows(
  database: Sequelize,
  transaction: Transaction,
  sql: string,
  values: Row,
): Promise<number> {
  return database.query(sql, {
    transaction,
    replacements: { ...values },
    // The kind of query for which Sequelize answers the number of rows, whatever the statement.
    type: QueryTypes.BULKDELETE,
  }) as unknown as Promise<number>;
}
