import { crc32 } from "node:zlib";
import { MessageType } from "../../../contracts/objects.ts";
import { captionOf, giftOf } from "./caption.ts";
import { type DanmakuFormat, type ExportedMessage, offsetMs } from "./format.ts";
import { escapeMarkup } from "./markup.ts";

const MODES = { scroll: 1, bottom: 4, top: 5 };
const SIZES = { normal: 25, small: 18 };
const NORMAL_POOL = 0;

/**
 * Bilibili's XML, one element a line. It is the record of a show: every message is in it, and `d` is
 * only what viewers said. Gifts and super messages are written as live recorders write them; the
 * lottery's news follows their pattern in `lottery` (the text is the prize) and `winners` (the JSON
 * list of user ids), both with the lottery's id. Players pass over elements they do not know.
 *
 * `uid` is everywhere the CRC32 of the sender's id, so that a gift can be laid beside the danmaku of
 * the same viewer.
 */
export function createBilibiliXml(): DanmakuFormat {
  return {
    contentType: "application/xml; charset=utf-8",
    extension: "xml",
    head: ({ live_id, room_name, start_time }) =>
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<i><chatserver>molimoli</chatserver><chatid>${live_id}</chatid>` +
      `<room name="${escapeMarkup(room_name)}" start_time="${start_time}"/>\n`,
    encode: (message) => `${elementOf(message)}\n`,
    tail: () => "</i>\n",
  };
}

function elementOf(message: ExportedMessage): string {
  const { record } = message;
  switch (record.type) {
    case MessageType.bullet:
      return danmaku(message);
    case MessageType.gift: {
      const { name, count } = giftOf(record);
      return `<gift ${origin(message)} giftname="${escapeMarkup(name)}" giftcount="${count}"/>`;
    }
    case MessageType.superMessage: {
      const { price = 0, duration = 0 } = record.data ?? {};
      return element(
        "sc",
        `${origin(message)} price="${price}" time="${duration}"`,
        record.content,
      );
    }
    case MessageType.lottery:
      return element(
        "lottery",
        `${origin(message)} id="${record.lottery_id ?? 0}"`,
        record.content,
      );
    case MessageType.winners:
      return element(
        "winners",
        `${origin(message)} id="${record.lottery_id ?? 0}"`,
        record.content,
      );
  }
}

function danmaku(message: ExportedMessage): string {
  const { record } = message;
  const { mode, size, rgb } = captionOf(record);
  const parameters = [
    seconds(message),
    MODES[mode],
    SIZES[size],
    rgb,
    record.send_time,
    NORMAL_POOL,
    senderHash(record.user_id),
    record.id,
  ];
  return element("d", `p="${parameters.join(",")}"`, record.content);
}

function element(name: string, attributes: string, text: string): string {
  return `<${name} ${attributes}>${escapeMarkup(text)}</${name}>`;
}

/** When and from whom, as attributes. */
function origin(message: ExportedMessage): string {
  const { user_name, user_id } = message.record;
  return `ts="${seconds(message)}" user="${escapeMarkup(user_name)}" uid="${senderHash(user_id)}"`;
}

function seconds(message: ExportedMessage): string {
  return (offsetMs(message) / 1000).toFixed(3);
}

/** CRC32 of the id in decimal, eight hex digits. */
function senderHash(userId: number): string {
  return crc32(String(userId)).toString(16).padStart(8, "0");
}
