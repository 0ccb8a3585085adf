import fc from "fast-check";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { type DanmakuStyle, MessageType } from "../../contracts/objects.ts";
import type {
  DanmakuFormat,
  ExportedMessage,
  ExportedRoom,
} from "../../services/message/formats/format.ts";

export const room: ExportedRoom = {
  live_id: 42,
  room_name: "夜 <1> & more",
  start_time: 1700000000,
};

/** A danmaku at a time in seconds, with whatever a test wants to be different. */
export function messageAt(time: number, different: Partial<MessageRecord> = {}): ExportedMessage {
  const record: MessageRecord = {
    id: 373_000_000_000_001,
    live_id: room.live_id,
    user_id: 4764287,
    user_name: "小明",
    type: MessageType.bullet,
    live_time: Math.floor(time),
    send_time: room.start_time + Math.floor(time),
    content: "你好",
    style: null,
    data: null,
    lottery_id: null,
    ...different,
  };
  return { record, time };
}

/** The file that a format makes of these messages. */
export function fileOf(format: DanmakuFormat, messages: ExportedMessage[]): string {
  const body = messages.map((message) => format.encode(message));
  return [format.head(room), ...body, format.tail()].join("");
}

/** Any UTF-16 code units, lone surrogates included, and often those that formats give a meaning. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."&<>\"'{}\\Nnh,;:%]-\r\n\t\u0000\u0085\u2028",
        "]]>",
        "{\\b1}",
        "👍🏽",
        "\\N",
      ),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(""));

const anyStyle: fc.Arbitrary<DanmakuStyle> = fc.record({
  mode: fc.constantFrom("scroll", "top", "bottom"),
  color: fc
    .integer({ min: 0, max: 0xffffff })
    .map((rgb) => `#${rgb.toString(16).padStart(6, "0").toUpperCase()}`),
  size: fc.constantFrom("normal", "small"),
});

const anyId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

/** What differs from one message of a show to the next. */
export const anyDifference: fc.Arbitrary<Partial<MessageRecord>> = fc.record({
  id: anyId,
  user_id: anyId,
  user_name: anyText,
  type: fc.constantFrom(...Object.values(MessageType)),
  content: anyText,
  style: fc.option(anyStyle, { nil: null }),
  data: fc.option(
    fc.record({ gift_name: anyText, gift_count: fc.nat(), price: fc.nat(), duration: fc.nat() }),
    { nil: null },
  ),
  lottery_id: fc.option(anyId, { nil: null }),
});

/** Messages of any kind in the order of their time. */
export const anyShow: fc.Arbitrary<ExportedMessage[]> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), anyDifference), { maxLength: 60 })
  .map((steps) => {
    let ms = 0;
    return steps.map(([pause, different]) => {
      ms += pause;
      return messageAt(ms / 1000, different);
    });
  });
