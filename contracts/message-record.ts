import type { DanmakuStyle, LiveMessage, MessageData, MessageType } from "./objects.ts";
import { MessageType as Type } from "./objects.ts";

/**
 * A message as it is kept: one row of history. Nothing here is derived; `id` is always the
 * message's own id, also for lottery and winners messages.
 */
export interface MessageRecord {
  id: number;
  live_id: number;
  user_id: number;
  user_name: string;
  type: MessageType;
  /** Whole seconds since the room's start. */
  live_time: number;
  /** Unix seconds. */
  send_time: number;
  content: string;
  style: DanmakuStyle | null;
  data: MessageData | null;
  /** The lottery that a message of type lottery or winners speaks of. */
  lottery_id: number | null;
}

/**
 * The client's view of a record. Key order is fixed and constants come first, since batches of these
 * are compressed together.
 */
export function toLiveMessage(record: MessageRecord): LiveMessage {
  const isLottery = record.type === Type.lottery || record.type === Type.winners;
  const message: LiveMessage = {
    type: record.type,
    id: isLottery && record.lottery_id !== null ? record.lottery_id : record.id,
    user_id: record.user_id,
    live_id: record.live_id,
    live_time: record.live_time,
    send_time: record.send_time,
    content: record.content,
    user_name: record.user_name,
  };
  if (record.style !== null) message.style = record.style;
  if (record.data !== null) message.data = record.data;
  if (isLottery) message.message_id = record.id;
  return message;
}
