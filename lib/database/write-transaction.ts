import { setTimeout as pause } from "node:timers/promises";
import { type Sequelize, Transaction } from "sequelize";
import { isLostLock } from "./failure.ts";

/** How often a transaction that lost its locks to another one is tried in all. */
const ATTEMPTS = 8;
/** Longest pause before the second attempt, in ms; it doubles with each further one. */
const PAUSE_MS = 4;

/** The end of the last transaction under way on a SQLite file. */
const lastOf = new WeakMap<Sequelize, Promise<unknown>>();

/**
 * Runs `work` in a transaction that writes, and commits it. What it throws rolls everything back.
 *
 * A transaction that became the victim of a deadlock is run again, a few times: `work` must be able to
 * start over. It sees what others have committed before each of its statements (READ COMMITTED), not
 * one moment throughout: it has to guard what it changes by conditions or locks.
 *
 * SQLite takes one writer at a time, so transactions of this process wait for each other here and not
 * in the driver, where everyone who waits holds one of Node's few threads: with all of them taken, the
 * transaction that is waited for could not go on.
 *
 * @throws what `work` throws; Sequelize's errors when the transaction cannot begin or be committed
 */
export function inWriteTransaction<T>(
  database: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  if (database.getDialect() !== "sqlite") return attempt(database, work);
  const turn = (lastOf.get(database) ?? Promise.resolve()).then(() => attempt(database, work));
  lastOf.set(
    database,
    turn.catch(() => {}),
  );
  return turn;
}

async function attempt<T>(
  database: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const options = {
    // SQLite: a transaction that read first could not become a writer while another one is.
    type: Transaction.TYPES.IMMEDIATE,
    // MySQL: without locks on gaps, which two transactions would wait for crosswise. SQLite has one.
    ...(database.getDialect() === "sqlite"
      ? {}
      : { isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }),
  };
  for (let n = 1; ; n++) {
    try {
      return await database.transaction(options, work);
    } catch (error) {
      if (n === ATTEMPTS || !isLostLock(error)) throw error;
      await pause(Math.random() * PAUSE_MS * 2 ** (n - 1));
    }
  }
}
