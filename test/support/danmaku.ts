import type { PushBatch } from "../../contracts/events.ts";
import { type MessageRecord, toLiveMessage } from "../../contracts/message-record.ts";
import { MessageType } from "../../contracts/objects.ts";
import { messageEvent } from "../../lib/sse.ts";

export const LIVE_ID = 42;

/** A bullet comment with whatever a test wants to be different. */
export function danmaku(id: number, different: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id,
    live_id: LIVE_ID,
    user_id: 7,
    user_name: "小明",
    type: MessageType.bullet,
    live_time: 0,
    send_time: 1_700_000_000,
    content: `danmaku ${id}`,
    style: null,
    data: null,
    lottery_id: null,
    ...different,
  };
}

/** A batch as a room pushes it. */
export function batchOf(
  prev: number,
  ids: number[],
  { notices = "", ...rest }: Partial<PushBatch> & { notices?: string } = {},
): PushBatch {
  const messages = ids.map((id) => messageEvent(id, JSON.stringify(toLiveMessage(danmaku(id)))));
  return { live_id: LIVE_ID, prev, ids, text: messages.join("") + notices, ...rest };
}
