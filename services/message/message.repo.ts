import { type ModelStatic, Op, QueryTypes, type WhereOptions } from "sequelize";
import type { Params } from "../../contracts/actions.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { MessageType } from "../../contracts/objects.ts";
import { type MessageModel, type MessageRow, toRecord } from "./message.model.ts";

type Messages = ModelStatic<MessageModel>;

export async function findMessage(messages: Messages, id: number): Promise<MessageRecord | null> {
  const row = await messages.findOne({ where: { id }, raw: true });
  return row === null ? null : toRecord(row as unknown as MessageRow);
}

/** The last `limit` messages of a room and the id before them, 0 if there is none. */
export async function findTail(
  messages: Messages,
  live_id: number,
  limit: number,
): Promise<{ messages: MessageRecord[]; prev: number }> {
  const latest = await find(messages, { live_id }, [["id", "DESC"]], limit + 1);
  const before = latest.length > limit ? latest.pop() : undefined;
  return { messages: latest.reverse(), prev: before?.id ?? 0 };
}

/** The first messages with a live_time of `from` to `to` seconds, both included, in their order. */
export function findBetween(
  messages: Messages,
  { live_id, from, to }: { live_id: number; from: number; to: number },
  limit: number,
): Promise<MessageRecord[]> {
  const order: [string, string][] = [
    ["live_time", "ASC"],
    ["id", "ASC"],
  ];
  return find(messages, { live_id, live_time: { [Op.between]: [from, to] } }, order, limit);
}

/** The next messages of a room after one id and up to another, ascending. */
export function findPage(
  messages: Messages,
  { live_id, after, upTo }: { live_id: number; after: number; upTo: number },
  limit: number,
): Promise<MessageRecord[]> {
  const id = { [Op.gt]: after, [Op.lte]: upTo };
  return find(messages, { live_id, id }, [["id", "ASC"]], limit);
}

/** The danmaku among the next messages of a room, and the id of the last message; null at the end. */
export async function findDanmaku(
  messages: Messages,
  { live_id, after, upTo }: { live_id: number; after: number; upTo: number },
  limit: number,
): Promise<{ danmaku: MessageRow[]; next: number | null }> {
  const rows = (await messages.findAll({
    attributes: ["id", "user_id", "user_name", "type", "send_time", "content"],
    where: { live_id, id: { [Op.gt]: after, [Op.lte]: upTo } },
    order: [["id", "ASC"]],
    limit,
    raw: true,
  })) as unknown as MessageRow[];
  const danmaku = rows.filter(({ type }) => type === MessageType.bullet);
  return { danmaku, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
}

/** The id of the message that says something of a lottery, among those after an id; null if none does. */
export async function findAnnounced(
  messages: Messages,
  { live_id, lottery_id, type, after }: Params<"message.announced">,
): Promise<number | null> {
  const row = await messages.findOne({
    attributes: ["id"],
    where: { live_id, lottery_id, type, id: { [Op.gt]: after } },
    order: [["id", "ASC"]],
    raw: true,
  });
  return (row as unknown as MessageRow | null)?.id ?? null;
}

/** The id of a room's last message, 0 if it has none. */
export async function findLastId(messages: Messages, live_id: number): Promise<number> {
  return (await messages.max<number | null, MessageModel>("id", { where: { live_id } })) ?? 0;
}

/** The highest live_time in a room, null if it has no messages. */
export function findLastTime(messages: Messages, live_id: number): Promise<number | null> {
  return messages.max<number | null, MessageModel>("live_time", { where: { live_id } });
}

// In two steps: per second in the order of the index, which leaves little to sort for the second.
const COUNT = `
  SELECT live_time - live_time % $bucket AS start, SUM(messages) AS count
  FROM (
    SELECT live_time, COUNT(*) AS messages FROM messages
    WHERE live_id = $live_id AND live_time < $end GROUP BY live_time
  ) AS seconds
  GROUP BY start`;

/** How many messages were said in each bucket of a room that has any, by the second it starts at. */
export async function countPerBucket(
  { sequelize }: Messages,
  range: { live_id: number; bucket: number; end: number },
): Promise<{ start: number; count: number }[]> {
  if (sequelize === undefined) throw new Error("the model belongs to no database");
  const rows = await sequelize.query<{ start: number; count: number | string }>(COUNT, {
    bind: range,
    type: QueryTypes.SELECT,
  });
  // MySQL's sums are decimals, which come as text.
  return rows.map(({ start, count }) => ({ start, count: Number(count) }));
}

async function find(
  messages: Messages,
  where: WhereOptions<MessageRow>,
  order: [string, string][],
  limit: number,
): Promise<MessageRecord[]> {
  const rows = await messages.findAll({ where, order, limit, raw: true });
  return (rows as unknown as MessageRow[]).map(toRecord);
}
