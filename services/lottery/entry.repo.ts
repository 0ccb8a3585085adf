import { QueryTypes, type Sequelize } from "sequelize";
import type { Candidate, EntryStore } from "./entry-store.ts";
import type { Entrant } from "./lottery.ts";

/** The same statements in two dialects. All take lists as JSON, so each is one text for any length. */
interface Statements {
  enter: string;
  entered: string;
  add: string;
  names: string;
}

const sqlite: Statements = {
  // The WHERE keeps SQLite from reading ON as part of a join.
  enter: `
    INSERT INTO lottery_entries (lottery_id, user_id, user_name)
    SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2
    FROM json_each($1) AS wanted CROSS JOIN lotteries ON lotteries.id = wanted.value ->> 0
    WHERE lotteries.status = 'open' AND lotteries.close_ms > $2
    ON CONFLICT DO NOTHING`,
  entered: `
    SELECT wanted.key AS place
    FROM json_each($1) AS wanted CROSS JOIN lottery_entries AS entries
    ON entries.lottery_id = wanted.value ->> 0 AND entries.user_id = wanted.value ->> 1`,
  add: `
    INSERT INTO lottery_entries (lottery_id, user_id, user_name)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)
    WHERE true ON CONFLICT DO NOTHING`,
  names: `
    SELECT entries.user_id, entries.user_name
    FROM json_each($1) AS wanted CROSS JOIN lottery_entries AS entries
    ON entries.lottery_id = $2 AND entries.user_id = wanted.value`,
};

const packed = (from: string) => `JSON_TABLE(${from}, '$[*]' COLUMNS (
  place FOR ORDINALITY,
  lottery_id BIGINT PATH '$[0]' ERROR ON ERROR,
  user_id BIGINT PATH '$[1]' ERROR ON ERROR,
  user_name VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[2]' ERROR ON ERROR)) AS wanted`;

// STRAIGHT_JOIN looks each lottery up by its key: reading all of them would lock all of them. The
// share lock is what a freeze waits for, and what waits for a freeze.
const mysql: Statements = {
  enter: `
    INSERT INTO lottery_entries (lottery_id, user_id, user_name)
    SELECT wanted.lottery_id, wanted.user_id, wanted.user_name
    FROM ${packed("$1")} STRAIGHT_JOIN lotteries ON lotteries.id = wanted.lottery_id
    WHERE lotteries.status = 'open' AND lotteries.close_ms > $2
    LOCK IN SHARE MODE
    ON DUPLICATE KEY UPDATE lottery_entries.user_id = lottery_entries.user_id`,
  entered: `
    SELECT wanted.place - 1 AS place
    FROM ${packed("$1")} STRAIGHT_JOIN lottery_entries AS entries
    ON entries.lottery_id = wanted.lottery_id AND entries.user_id = wanted.user_id`,
  add: `
    INSERT INTO lottery_entries (lottery_id, user_id, user_name)
    SELECT wanted.lottery_id, wanted.user_id, wanted.user_name FROM ${packed("$1")}
    ON DUPLICATE KEY UPDATE lottery_entries.user_id = lottery_entries.user_id`,
  names: `
    SELECT entries.user_id, entries.user_name
    FROM JSON_TABLE($1, '$[*]' COLUMNS (user_id BIGINT PATH '$' ERROR ON ERROR)) AS wanted
    STRAIGHT_JOIN lottery_entries AS entries
    ON entries.lottery_id = $2 AND entries.user_id = wanted.user_id`,
};

const PAGE = `SELECT user_id FROM lottery_entries
  WHERE lottery_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`;
const COUNT = "SELECT COUNT(*) AS entrants FROM lottery_entries WHERE lottery_id = $1";

/** Somebody else's lock ended ours, or changed what we were about to read. It passes. */
const COLLISIONS: ReadonlySet<unknown> = new Set(["ER_LOCK_DEADLOCK", "ER_CHECKREAD"]);
const ATTEMPTS = 5;

/** Entrants in the database. */
export function entryRepo(database: Sequelize): EntryStore {
  const statements = database.getDialect() === "sqlite" ? sqlite : mysql;
  const select = <Row extends object>(sql: string, bind: unknown[]) =>
    database.query<Row>(sql, { bind, type: QueryTypes.SELECT });

  async function insert(sql: string, bind: unknown[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await database.query(sql, { bind, type: QueryTypes.RAW });
        return;
      } catch (error) {
        const code = (error as { parent?: { code?: unknown } }).parent?.code;
        if (!COLLISIONS.has(code) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  return {
    async enter(candidates, nowMs) {
      const sorted = candidates.toSorted(inKeyOrder);
      const wanted = JSON.stringify(sorted.map(pack));
      await insert(statements.enter, [wanted, nowMs]);
      for (const { place } of await select<{ place: number }>(statements.entered, [wanted])) {
        (sorted[Number(place)] as Candidate).entered = true;
      }
    },

    async add(lottery_id, entrants) {
      if (entrants.length === 0) return;
      const wanted = entrants.map((entrant) => ({ ...entrant, lottery_id })).sort(inKeyOrder);
      await insert(statements.add, [JSON.stringify(wanted.map(pack))]);
    },

    async page(lotteryId, after, limit) {
      const rows = await select<{ user_id: number }>(PAGE, [lotteryId, after, limit]);
      return rows.map(({ user_id }) => user_id);
    },

    async count(lotteryId) {
      const [row] = await select<{ entrants: number }>(COUNT, [lotteryId]);
      return row?.entrants ?? 0;
    },

    names(lotteryId, userIds) {
      return select<Entrant>(statements.names, [JSON.stringify(userIds), lotteryId]);
    },
  };
}

type Entry = Pick<Candidate, "lottery_id" | "user_id" | "user_name">;

/** Rows that are locked in one order by everybody make nobody wait in a circle. */
function inKeyOrder(a: Entry, b: Entry): number {
  return a.lottery_id - b.lottery_id || a.user_id - b.user_id;
}

function pack({ lottery_id, user_id, user_name }: Entry): unknown[] {
  return [lottery_id, user_id, user_name];
}
