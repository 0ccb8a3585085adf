import type { Sequelize, Transaction } from "sequelize";
import { fail } from "../../contracts/errors.ts";
import { createGroupCommit, type GroupCommit, OverloadedError } from "../group-commit.ts";
import { addToCounters, type CounterChange } from "./counters.ts";
import { isUnreachable } from "./failure.ts";
import { inWriteTransaction } from "./write-transaction.ts";

/** A change of rows that counters tell of. */
export interface CountedWrite<T> {
  /** The table and key of the row: what one transaction changes, it changes in this order. */
  readonly row: readonly [table: string, ...key: number[]];
  /**
   * Changes the row, guarded (insertOnce, deleteWhere): it may find that there is nothing to do. It
   * may be run again after a rollback, so it has no effects but through the transaction. What it
   * found (not there, not allowed) it says in its result: to throw means to roll back, with all those
   * that share the transaction, which then are written one by one.
   *
   * @returns the answer for the caller, and what to add to which counters: only what really changed
   */
  apply(transaction: Transaction): Promise<{ result: T; changes: CounterChange[] }>;
}

/** Writes rows and their counters so that they never differ. */
export interface CountedWrites {
  /**
   * Commits a change of a row together with that of its counters, and answers what it answered.
   *
   * What is asked for while another commit is under way shares the next one. A change that fails is
   * tried again alone, so that it fails for its caller only.
   *
   * @throws UNAVAILABLE when too much is waiting; Sequelize's errors when it cannot be committed, of
   *   which those of `isUnreachable` leave open whether it was
   */
  write<T>(write: CountedWrite<T>): Promise<T>;
  /** Resolves when nothing is pending. */
  drain(): Promise<void>;
}

interface Item {
  write: CountedWrite<unknown>;
  outcome: PromiseWithResolvers<unknown>;
}

/** Rows in one transaction: it is short, since others wait for its locks. */
const MAX_GROUP = 64;
const MAX_PENDING = 5_000;
const RETRY_AFTER_MS = 1_000;

/** Creates the writes of one service; on SQLite those of all services take turns. */
export function countedWrites(database: Sequelize): CountedWrites {
  const group: GroupCommit<Item> = createGroupCommit({
    write: (items) => commitAll(database, items),
    maxBatch: MAX_GROUP,
    maxPending: MAX_PENDING,
  });
  return {
    async write<T>(write: CountedWrite<T>): Promise<T> {
      const item: Item = { write, outcome: Promise.withResolvers() };
      try {
        await group.append(item);
      } catch (error) {
        if (!(error instanceof OverloadedError)) throw error;
        fail("UNAVAILABLE", { retry_after_ms: RETRY_AFTER_MS });
      }
      return (await item.outcome.promise) as T;
    },
    drain: () => group.drain(),
  };
}

/** Settles every item; never throws. */
async function commitAll(database: Sequelize, items: readonly Item[]): Promise<void> {
  const ordered = items.toSorted(byRow);
  try {
    const results = await commit(database, ordered);
    for (const [at, { outcome }] of ordered.entries()) outcome.resolve(results[at]);
  } catch (error) {
    if (items.length === 1 || isUnreachable(error)) for (const item of items) reject(item, error);
    else for (const item of items) await commitAll(database, [item]);
  }
}

/** Its caller waits for the group first: until then nobody listens. */
function reject({ outcome }: Item, error: unknown): void {
  outcome.promise.catch(() => {});
  outcome.reject(error);
}

function commit(database: Sequelize, items: readonly Item[]): Promise<unknown[]> {
  return inWriteTransaction(database, async (transaction) => {
    const results: unknown[] = [];
    const changes: CounterChange[] = [];
    for (const { write } of items) {
      const applied = await write.apply(transaction);
      results.push(applied.result);
      changes.push(...applied.changes);
    }
    // After all the rows: counters are what everybody meets at, and are held as briefly as possible.
    await addToCounters(database, transaction, changes);
    return results;
  });
}

/** By table, then key; changes of the same row stay in the order in which they were asked for. */
function byRow({ write: { row: a } }: Item, { write: { row: b } }: Item): number {
  for (const [at, part] of a.entries()) {
    const other = b[at] ?? 0;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
