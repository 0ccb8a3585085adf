import { QueryTypes, type Sequelize, type Transaction } from "sequelize";
import { deleteWhere, insertOnce } from "../../lib/database/guarded-rows.ts";
import { inWriteTransaction } from "../../lib/database/write-transaction.ts";
import type { ObjectState, UseStore } from "./keeping.ts";

type Values = Record<string, number | string | string[]>;

/** Whether an object of that state can be used: not one that is being removed, nor one that is gone. */
const isUsable = (state: ObjectState | undefined) => state === "loose" || state === "kept";

/** Who keeps which objects, in the database. */
export function useRepo(database: Sequelize): UseStore {
  /** Rows that an UPDATE found. */
  const update = (sql: string, replacements: Values, transaction?: Transaction) =>
    database.query(sql, {
      replacements,
      type: QueryTypes.BULKUPDATE,
      ...(transaction && { transaction }),
    }) as unknown as Promise<number>;

  const select = <T extends object>(sql: string, replacements: Values, transaction?: Transaction) =>
    database.query<T>(sql, {
      replacements,
      type: QueryTypes.SELECT,
      ...(transaction && { transaction }),
    });

  async function usage(owner: number, transaction?: Transaction): Promise<number> {
    const [row] = await select<{ bytes: number | string | null }>(
      "SELECT SUM(bytes) AS bytes FROM stored_uses WHERE owner_id = :owner",
      { owner },
      transaction,
    );
    return Number(row?.bytes ?? 0);
  }

  /** Lets one transaction at a time change what an owner keeps; answers which one it is. */
  async function takeTurn(owner: number, transaction: Transaction): Promise<number> {
    await insertOnce(database, transaction, "stored_owners", { owner_id: owner, turn: 0 });
    await update(
      "UPDATE stored_owners SET turn = turn + 1 WHERE owner_id = :owner",
      { owner },
      transaction,
    );
    const [row] = await select<{ turn: number }>(
      "SELECT turn FROM stored_owners WHERE owner_id = :owner",
      { owner },
      transaction,
    );
    return Number(row?.turn);
  }

  return {
    expect: (key, nowMs) =>
      inWriteTransaction(database, async (transaction) => {
        const row = { object_key: key, state: "loose", touched_ms: nowMs };
        if (await insertOnce(database, transaction, "stored_objects", row)) return true;
        const touched = await update(
          `UPDATE stored_objects SET touched_ms = :nowMs
            WHERE object_key = :key AND state <> 'removing'`,
          { key, nowMs },
          transaction,
        );
        // MySQL does not count a row that had this time already.
        return touched === 1 || isUsable(await stateOf(key, transaction));
      }),

    add: ({ owner_id, ...use }, maxBytes, isStored) =>
      inWriteTransaction(database, async (transaction) => {
        const turn = await takeTurn(owner_id, transaction);
        if (isStored) {
          // Locked before it is looked at: somebody else may be giving up the last use of it.
          if (!isUsable(await stateOf(use.object_key, transaction, true))) return "removing";
          await update(
            "UPDATE stored_objects SET state = 'kept' WHERE object_key = :key",
            { key: use.object_key },
            transaction,
          );
        }
        const { purpose, object_key } = use;
        const which = { owner_id, purpose, object_key };
        if (!(await insertOnce(database, transaction, "stored_uses", { ...which, ...use, turn }))) {
          await update(
            `UPDATE stored_uses SET turn = :turn
              WHERE owner_id = :owner_id AND purpose = :purpose AND object_key = :object_key`,
            { ...which, turn },
            transaction,
          );
          return turn;
        }
        if ((await usage(owner_id, transaction)) <= maxBytes) return turn;
        await deleteWhere(database, transaction, "stored_uses", which);
        await loosen([object_key], use.create_ms, transaction);
        return "full";
      }),

    settle: (owner, purpose, turn, nowMs) =>
      inWriteTransaction(database, async (transaction) => {
        await takeTurn(owner, transaction);
        const others = await select<{ object_key: string }>(
          `SELECT object_key FROM stored_uses
            WHERE owner_id = :owner AND purpose = :purpose AND turn < :turn
            ORDER BY object_key`,
          { owner, purpose, turn },
          transaction,
        );
        const keys = others.map(({ object_key }) => object_key);
        for (const object_key of keys)
          await deleteWhere(database, transaction, "stored_uses", {
            owner_id: owner,
            purpose,
            object_key,
          });
        await loosen(keys, nowMs, transaction);
      }),

    usage: (owner) => usage(owner),

    async claimLoose(beforeMs, nowMs, limit) {
      const found = await select<{ object_key: string }>(
        `SELECT object_key FROM stored_objects
          WHERE state IN ('loose', 'removing') AND touched_ms < :beforeMs
          ORDER BY touched_ms LIMIT ${Math.trunc(limit)}`,
        { beforeMs },
      );
      const claimed: string[] = [];
      for (const { object_key } of found) {
        const mine = await inWriteTransaction(database, (transaction) =>
          update(
            `UPDATE stored_objects SET state = 'removing', touched_ms = :nowMs
              WHERE object_key = :key AND state IN ('loose', 'removing') AND touched_ms < :beforeMs`,
            { key: object_key, nowMs, beforeMs },
            transaction,
          ),
        );
        if (mine === 1) claimed.push(object_key);
      }
      return claimed;
    },

    async forget(key) {
      await inWriteTransaction(database, (transaction) =>
        deleteWhere(database, transaction, "stored_objects", {
          object_key: key,
          state: "removing",
        }),
      );
    },
  };

  /**
   * Those that nobody uses any more are loose from now on. One at a time decides that for an object: two
   * that give up its last two uses would each still see the other's.
   *
   * @param keys in ascending order, in which everyone locks them
   */
  async function loosen(keys: string[], nowMs: number, transaction: Transaction): Promise<void> {
    for (const key of keys) {
      await stateOf(key, transaction, true);
      await update(
        `UPDATE stored_objects SET state = 'loose', touched_ms = :nowMs
          WHERE object_key = :key AND state = 'kept'
            AND NOT EXISTS (SELECT 1 FROM stored_uses WHERE stored_uses.object_key = :key)`,
        { key, nowMs },
        transaction,
      );
    }
  }

  async function stateOf(
    key: string,
    transaction: Transaction,
    lock = false,
  ): Promise<ObjectState | undefined> {
    const locking = lock && database.getDialect() !== "sqlite" ? " FOR UPDATE" : "";
    const [row] = await select<{ state: ObjectState }>(
      `SELECT state FROM stored_objects WHERE object_key = :key${locking}`,
      { key },
      transaction,
    );
    return row?.state;
  }
}
