import type { MessageRecord } from "../../../contracts/message-record.ts";
import type { Room } from "../../../contracts/objects.ts";

/** A message on its way into a file. */
export interface ExportedMessage {
  record: MessageRecord;
  /** Seconds from the start, with milliseconds; what lies before the start is written as 0. */
  time: number;
}

/** What a file says of the room it comes from; `start_time` in Unix seconds. */
export type ExportedRoom = Pick<Room, "live_id" | "room_name" | "start_time">;

/**
 * One way to write a room's history into a file. An instance writes one file and is told of its
 * messages in the order of their time: `head`, then `encode` for each, then `tail`. It remembers
 * nothing that grows with their number, so an export of any length streams.
 */
export interface DanmakuFormat {
  contentType: string;
  /** Of the file's name, without the dot. */
  extension: string;
  head(room: ExportedRoom): string;
  /** The message as the file has it; "" when it has no place in the format. */
  encode(message: ExportedMessage): string;
  tail(): string;
}

/** Milliseconds from the start, never negative; the formats count in fractions of this. */
export function offsetMs({ time }: ExportedMessage): number {
  return time > 0 ? Math.round(time * 1000) : 0;
}
