import type { MessageRecord } from "../../contracts/message-record.ts";

/** What travels between nodes in one packet: NATS takes a megabyte by default. */
const MAX_BYTES = 700_000;

/** The newest messages that fit into one answer, and the id before them. */
export function newestFitting(
  { messages, prev }: { messages: MessageRecord[]; prev: number },
  maxBytes = MAX_BYTES,
): { messages: MessageRecord[]; prev: number } {
  let bytes = 0;
  let first = messages.length;
  while (first > 0) {
    bytes += Buffer.byteLength(JSON.stringify(messages[first - 1])) + 1;
    if (bytes > maxBytes) break;
    first--;
  }
  return { messages: messages.slice(first), prev: messages[first - 1]?.id ?? prev };
}
