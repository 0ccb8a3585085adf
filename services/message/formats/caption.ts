import type { MessageRecord } from "../../../contracts/message-record.ts";
import { type DanmakuStyle, MessageType } from "../../../contracts/objects.ts";

const DEFAULT_STYLE: DanmakuStyle = { mode: "scroll", color: "#FFFFFF", size: "normal" };
const WHITE = 0xffffff;

/** How a message looks, and `text` for the formats that show nothing but text. */
export interface Caption {
  /** Plain; "" when there is nothing to show. */
  text: string;
  mode: DanmakuStyle["mode"];
  /** 0xRRGGBB. */
  rgb: number;
  size: DanmakuStyle["size"];
}

/**
 * What a viewer of the replay sees of a message. Danmaku and gifts are drawn as their sender chose;
 * super messages and the news of a lottery stand at the top. The winners' ids mean nothing to a
 * viewer, so the news is how many there were. Signs stand for words: a file has no language.
 */
export function captionOf(record: MessageRecord): Caption {
  const { mode, color, size } = record.style ?? DEFAULT_STYLE;
  const isAnnounced = record.type !== MessageType.bullet && record.type !== MessageType.gift;
  return { text: textOf(record), mode: isAnnounced ? "top" : mode, rgb: rgbOf(color), size };
}

function textOf(record: MessageRecord): string {
  switch (record.type) {
    case MessageType.bullet:
      return record.content;
    case MessageType.gift:
      return `${record.user_name}: ${giftOf(record).name} ×${giftOf(record).count}`;
    case MessageType.superMessage:
      return `${record.user_name}: ${record.content}`;
    case MessageType.lottery:
      return `🎁 ${record.content}`;
    case MessageType.winners:
      return `🏆 ×${winnersIn(record.content)}`;
  }
}

/** The gift of a gift message; the text stands in for a name that was not given. */
export function giftOf({ data, content }: MessageRecord): { name: string; count: number } {
  return { name: data?.gift_name ?? content, count: data?.gift_count ?? 1 };
}

/** Length of a JSON list of ids, which is all that a winners message contains. */
function winnersIn(content: string): number {
  return content.match(/\d+/g)?.length ?? 0;
}

/** White unless the colour reads `#RRGGBB`. */
function rgbOf(color: string): number {
  return /^#[0-9a-f]{6}$/i.test(color) ? Number.parseInt(color.slice(1), 16) : WHITE;
}
