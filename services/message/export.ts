import { Readable } from "node:stream";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { idTimeMs } from "../../lib/ids.ts";
import type { DanmakuFormat, ExportedRoom } from "./formats/index.ts";

/** Answers the next messages after an id, ascending; none at the end. */
export type ReadPage = (after: number) => Promise<MessageRecord[]>;

/**
 * A room's history as a file. Pages are read when the one who takes the file has taken the one
 * before, so an export holds a page or two, however long the show was and however slow the client.
 *
 * The order is that of the ids, which is the order in which things were said, to the millisecond.
 * When a page cannot be read, the stream is destroyed: half a file must not look like a whole one.
 */
export function exportHistory(
  room: ExportedRoom,
  format: DanmakuFormat,
  readPage: ReadPage,
): Readable {
  return Readable.from(chunks(room, format, readPage), { objectMode: false });
}

async function* chunks(
  room: ExportedRoom,
  format: DanmakuFormat,
  readPage: ReadPage,
): AsyncGenerator<Buffer> {
  yield Buffer.from(format.head(room));
  let after = 0;
  for (;;) {
    const page = await readPage(after);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
    const text = page
      .map((record) => format.encode({ record, time: timeOf(record, room) }))
      .join("");
    if (text !== "") yield Buffer.from(text);
  }
  yield Buffer.from(format.tail());
}

/** Seconds from the start of the show, with milliseconds; nothing was said before it. */
function timeOf(record: MessageRecord, room: ExportedRoom): number {
  return Math.max(0, idTimeMs(record.id) - room.start_time * 1000) / 1000;
}
