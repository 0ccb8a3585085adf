import type { PushBatch } from "../../contracts/events.ts";
import { type MessageRecord, toLiveMessage } from "../../contracts/message-record.ts";
import { messageEvent } from "../../lib/sse.ts";

/** Characters in one batch, so that it fits into a packet; one message may go beyond. */
const MAX_TEXT = 128 * 1024;

/** The records as contiguous batches, none for none, each of at most so many. */
export function encodeBatches(
  liveId: number,
  prev: number,
  records: MessageRecord[],
  most: number = Number.POSITIVE_INFINITY,
): PushBatch[] {
  const encoded = records.map((record) => ({
    id: record.id,
    text: messageEvent(record.id, JSON.stringify(toLiveMessage(record))),
  }));
  let last = prev;
  return packed(encoded, ({ text }) => text.length, most).map((part) => {
    const ids = part.map(({ id }) => id);
    const batch = { live_id: liveId, prev: last, ids, text: part.map(({ text }) => text).join("") };
    last = ids.at(-1) as number;
    return batch;
  });
}

/** In parts of at most {@link MAX_TEXT}; what is larger by itself is a part of its own. */
export function packed<T>(items: T[], size: (item: T) => number, most = items.length): T[][] {
  const parts: T[][] = [];
  let room = 0;
  for (const item of items) {
    if (parts.length === 0 || size(item) > room || parts.at(-1)?.length === most) {
      parts.push([]);
      room = MAX_TEXT;
    }
    (parts.at(-1) as T[]).push(item);
    room -= size(item);
  }
  return parts;
}
