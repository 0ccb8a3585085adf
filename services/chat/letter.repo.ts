import { QueryTypes, type Sequelize, type Transaction } from "sequelize";
import { inWriteTransaction } from "../../lib/database/write-transaction.ts";
import type { Letter, Pair } from "./letter.ts";

/** What is known of a message before it is kept. */
export type Draft = Pair & Pick<Letter, "id" | "sender" | "content">;

/**
 * Keeps a message, and gives it its time and its numbers. Those who write to the same user wait for
 * each other, until the commit: so whoever reads a number, or a time of a chat, has all before it.
 *
 * @param nowMs its time, unless the chat's last message is of that time or later: then one ms after that
 */
export function keep(database: Sequelize, draft: Draft, nowMs: number): Promise<Letter> {
  return inWriteTransaction(database, async (transaction) => {
    const places = await takePlaces(database, transaction, draft, nowMs);
    const letter: Letter = { ...draft, ...places };
    const names = Object.keys(letter);
    await database.query(
      `INSERT INTO chat_messages (${names.join(", ")}) VALUES (${names.map((name) => `:${name}`).join(", ")})`,
      { transaction, type: QueryTypes.RAW, replacements: { ...letter } },
    );
    return letter;
  });
}

type Places = Pick<Letter, "create_ms" | "low_seq" | "high_seq">;

async function takePlaces(
  database: Sequelize,
  transaction: Transaction,
  draft: Draft,
  nowMs: number,
): Promise<Places> {
  const sqlite = database.getDialect() === "sqlite";
  const onConflict = (key: string) =>
    sqlite ? `ON CONFLICT (${key}) DO UPDATE SET` : "ON DUPLICATE KEY UPDATE";
  const given = (column: string) => (sqlite ? `excluded.${column}` : `VALUES(${column})`);
  const later = sqlite ? "MAX" : "GREATEST";
  // The lower id first, everywhere: no two transactions wait for each other crosswise.
  await database.query(
    `INSERT INTO chat_inboxes (user_id, last_seq) VALUES (:low, 1), (:high, 1)
     ${onConflict("user_id")} last_seq = chat_inboxes.last_seq + 1`,
    { transaction, type: QueryTypes.RAW, replacements: { ...draft } },
  );
  await database.query(
    `INSERT INTO chats (low, high, last_ms, sender, content)
     VALUES (:low, :high, :nowMs, :sender, :content)
     ${onConflict("low, high")} last_ms = ${later}(chats.last_ms + 1, ${given("last_ms")}),
       sender = ${given("sender")}, content = ${given("content")}`,
    { transaction, type: QueryTypes.RAW, replacements: { ...draft, nowMs } },
  );
  const [places] = await database.query<Places>(
    `SELECT last_ms AS create_ms,
       (SELECT last_seq FROM chat_inboxes WHERE user_id = :low) AS low_seq,
       (SELECT last_seq FROM chat_inboxes WHERE user_id = :high) AS high_seq
     FROM chats WHERE low = :low AND high = :high`,
    { transaction, type: QueryTypes.SELECT, replacements: { ...draft } },
  );
  return places as Places;
}

/** A chat's messages later than `afterMs`, the earliest first; with 0 the last ones. */
export async function findHistory(
  database: Sequelize,
  pair: Pair,
  afterMs: number,
  limit: number,
): Promise<Letter[]> {
  const latest = afterMs === 0;
  const rows = await database.query<Letter>(
    `SELECT * FROM chat_messages WHERE low = :low AND high = :high AND create_ms > :afterMs
     ORDER BY create_ms ${latest ? "DESC" : "ASC"} LIMIT :limit`,
    { type: QueryTypes.SELECT, replacements: { ...pair, afterMs, limit } },
  );
  return latest ? rows.reverse() : rows;
}

/** What came into a user's inbox after a number, in order, by the numbers there. */
export async function findInbox(
  database: Sequelize,
  user_id: number,
  after: number,
  limit: number,
): Promise<{ seq: number; letter: Letter }[]> {
  const part = (side: "low" | "high") =>
    `SELECT * FROM (SELECT ${side}_seq AS seq, chat_messages.* FROM chat_messages
      WHERE ${side} = :user_id AND ${side}_seq > :after ORDER BY ${side}_seq LIMIT :limit) ${side}_part`;
  const rows = await database.query<Letter & { seq: number }>(
    `${part("low")} UNION ALL ${part("high")} ORDER BY seq LIMIT :limit`,
    { type: QueryTypes.SELECT, replacements: { user_id, after, limit } },
  );
  return rows.map(({ seq, ...letter }) => ({ seq, letter }));
}

/** The last numbers of those inboxes that have any. */
export async function findMarks(
  database: Sequelize,
  user_ids: readonly number[],
): Promise<Map<number, number>> {
  const rows = await database.query<{ user_id: number; last_seq: number }>(
    "SELECT user_id, last_seq FROM chat_inboxes WHERE user_id IN (:user_ids)",
    { type: QueryTypes.SELECT, replacements: { user_ids: [...user_ids] } },
  );
  return new Map(rows.map(({ user_id, last_seq }) => [user_id, last_seq]));
}

/** The last word between a user and each of those with whom there is one. */
export async function findLatest(
  database: Sequelize,
  user_id: number,
  others: readonly number[],
): Promise<(Pair & { sender: number; content: string })[]> {
  return database.query(
    `SELECT low, high, sender, content FROM chats WHERE low = :user_id AND high IN (:others)
     UNION ALL
     SELECT low, high, sender, content FROM chats WHERE high = :user_id AND low IN (:others)`,
    { type: QueryTypes.SELECT, replacements: { user_id, others: [...others] } },
  );
}
