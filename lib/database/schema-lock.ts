import { QueryTypes, type Sequelize, type Transaction } from "sequelize";

/** Names of locks are the server's, not a database's, and have at most 64 characters. */
const NAME = "CONCAT('molimoli-', SHA1(DATABASE()))";

/** How many seconds another node may take over the schema before this one gives up. */
export const SCHEMA_WAIT_S = 300;

/** Whoever holds it may change the schema. */
export interface SchemaLock {
  /** @throws Error when the server has lost the connection that held it, and with it the lock */
  expectHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Waits until no other node is at the schema of a MySQL or MariaDB database. The lock belongs to one
 * connection of the pool, so a node that dies lets go of it.
 *
 * @throws Error with a sentence for people when another node takes longer than `waitSeconds`
 */
export async function lockSchema(database: Sequelize, waitSeconds: number): Promise<SchemaLock> {
  // Never used as a transaction: it is what keeps a connection of the pool to itself.
  const transaction = await database.transaction();
  const release = () => transaction.rollback().catch(() => {});
  try {
    const got = await ask(transaction, `SELECT GET_LOCK(${NAME}, ${waitSeconds}) AS answer`);
    if (got === 1)
      return {
        async expectHeld() {
          const held = `SELECT IS_USED_LOCK(${NAME}) = CONNECTION_ID() AS answer`;
          if ((await ask(transaction, held)) !== 1)
            throw new Error("The connection that held the lock on the schema was lost.");
        },
        async release() {
          await ask(transaction, `SELECT RELEASE_LOCK(${NAME}) AS answer`).catch(() => {});
          await release();
        },
      };
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  throw new Error(
    `Another node has been changing the schema of DATABASE_URL for ${waitSeconds} s; it may be at work on a large table. Start this one again when it is done.`,
  );
}

async function ask(transaction: Transaction, sql: string): Promise<number | null> {
  const { sequelize } = transaction as unknown as { sequelize: Sequelize };
  const [row] = await sequelize.query<{ answer: number | null }>(sql, {
    transaction,
    type: QueryTypes.SELECT,
  });
  return row?.answer ?? null;
}
