import { failField } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { isId } from "../../lib/ids.ts";

/** Makes messages durable. This is what each accepted danmaku waits for. */
export interface MessageWriter {
  /**
   * Keeps all of the messages in one durable commit, or none of them. One whose id is there already
   * is left as it is, so that a repeated delivery does no harm.
   *
   * @throws BAD_REQUEST when one of them is no message at all
   * @throws DatabaseError, or Sequelize's other errors, when the commit fails
   */
  append(messages: MessageRecord[]): Promise<void>;

  /** Afterwards `append` fails. */
  close(): Promise<void>;
}

/** The columns, in the order in which `pack` lists their values. */
export const COLUMNS = [
  "id",
  "live_id",
  "user_id",
  "user_name",
  "type",
  "live_time",
  "send_time",
  "content",
  "style",
  "data",
  "lottery_id",
] as const;

/**
 * All messages as one text: a JSON list with a list of values for each.
 *
 * It is the one parameter of a statement that is always the same and that the database unpacks. A
 * parameter for each value would mean another statement for each number of messages, to be parsed
 * anew or kept by the thousand, and Sequelize needs quadratic time for so many.
 */
export function pack(messages: MessageRecord[]): string {
  return JSON.stringify(messages.map(values));
}

function values(message: MessageRecord, index: number): unknown[] {
  // Not left to the database: each has its own idea of what becomes of a value that does not fit.
  if (!isRecord(message)) failField(`messages[${index}]`, "is not a message record");
  return [
    message.id,
    message.live_id,
    message.user_id,
    message.user_name,
    message.type,
    message.live_time,
    message.send_time,
    message.content,
    message.style === null ? null : JSON.stringify(message.style),
    message.data === null ? null : JSON.stringify(message.data),
    message.lottery_id,
  ];
}

/** What the columns take: whole numbers of one and four bytes, and texts of 65,535 bytes. */
const MAX_TYPE = 127;
const MAX_SECONDS = 2 ** 31 - 1;
const MAX_DETAILS = 65_535;

function isRecord(message: MessageRecord): boolean {
  return (
    isId(message?.id) &&
    isId(message.live_id) &&
    Number.isSafeInteger(message.user_id) &&
    Number.isSafeInteger(message.send_time) &&
    isWithin(MAX_SECONDS, message.live_time) &&
    isWithin(MAX_TYPE, message.type) &&
    typeof message.user_name === "string" &&
    typeof message.content === "string" &&
    isDetail(message.style) &&
    isDetail(message.data) &&
    (message.lottery_id === null || isId(message.lottery_id))
  );
}

function isWithin(limit: number, value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= limit;
}

function isDetail(value: object | null): boolean {
  if (value === null) return true;
  return typeof value === "object" && Buffer.byteLength(JSON.stringify(value)) <= MAX_DETAILS;
}
