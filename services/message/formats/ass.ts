import type { DanmakuStyle } from "../../../contracts/objects.ts";
import { type Caption, captionOf } from "./caption.ts";
import { type DanmakuFormat, offsetMs } from "./format.ts";
import { createLanes } from "./lanes.ts";
import { dropForbidden } from "./markup.ts";
import { textWidth } from "./text-width.ts";

/** Script units: pixels of a 1920×1080 screen, and hundredths of a second, all that ASS knows. */
const SCREEN = { width: 1920, height: 1080 };
const LANE_HEIGHT = 54;
const FONT_SIZES = { normal: 48, small: 36 };
const STYLES = { normal: "Normal", small: "Small" };
const CROSSING = 800;
const STAY = 500;
/** Between two texts of a lane, and for fonts wider than thought. */
const GAP = 24;

const SCROLL_LAYER = 0;
const FIXED_LAYER = 1;

/**
 * A subtitle script of ASS (v4.00+), as its readers libass and VSFilter understand it.
 *
 * Texts do not overlap while a free lane exists. Where they must, those that stand are drawn over
 * those that move, as in players. Every message is there as its caption; one without text has no
 * place.
 */
export function createAss(): DanmakuFormat {
  const lanes = createLanes({
    count: SCREEN.height / LANE_HEIGHT,
    screenWidth: SCREEN.width,
    crossing: CROSSING,
    stay: STAY,
  });

  function scroll(start: number, width: number): string {
    const y = lanes.placeMoving(start, width) * LANE_HEIGHT;
    return `\\an7\\move(${SCREEN.width},${y},${-width},${y})`;
  }

  function stand(edge: "top" | "bottom", start: number, width: number, size: number): string {
    const lane = lanes.placeStanding(start, edge);
    const middle = SCREEN.width / 2;
    const position =
      edge === "top"
        ? `\\an8\\pos(${middle},${lane * LANE_HEIGHT})`
        : `\\an2\\pos(${middle},${(lane + 1) * LANE_HEIGHT})`;
    if (width <= SCREEN.width) return position;
    // A text wider than the screen would lose both its ends.
    return `${position}\\fs${Math.max(1, Math.floor((size * SCREEN.width) / width))}`;
  }

  return {
    contentType: "text/x-ssa; charset=utf-8",
    extension: "ass",
    head: ({ live_id, room_name, start_time }) => scriptHead(live_id, room_name, start_time),
    encode(message) {
      const caption = captionOf(message.record);
      const { mode } = caption;
      const text = oneLine(caption.text);
      if (text === "") return "";
      const start = Math.round(offsetMs(message) / 10);
      const size = FONT_SIZES[caption.size];
      const width = Math.ceil(textWidth(text) * size) + GAP;
      const place = mode === "scroll" ? scroll(start, width) : stand(mode, start, width, size);
      return dialogue(start, caption, `{${place}${colour(caption.rgb)}}${escapeText(text)}`);
    },
    tail: () => "",
  };
}

function dialogue(start: number, { mode, size }: Caption, text: string): string {
  const isScroll = mode === "scroll";
  const layer = isScroll ? SCROLL_LAYER : FIXED_LAYER;
  const end = start + (isScroll ? CROSSING : STAY);
  return `Dialogue: ${layer},${clock(start)},${clock(end)},${STYLES[size]},,0,0,0,,${text}\n`;
}

/** `H:MM:SS.cc` of hundredths of a second. */
function clock(hundredths: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(hundredths / 360_000);
  const minutes = (hundredths / 6_000) % 60;
  return `${hours}:${two(minutes)}:${two((hundredths / 100) % 60)}.${two(hundredths % 100)}`;
}

/** ASS has its colours the other way round: `&HBBGGRR&`. */
function colour(rgb: number): string {
  const bgr = ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16);
  return `\\c&H${bgr.toString(16).toUpperCase().padStart(6, "0")}&`;
}

/** Everything that may break a line becomes a space: the next line would run into the lane below. */
function oneLine(text: string): string {
  return dropForbidden(text)
    .replace(/[\t\n\r\u0085\u2028\u2029]+/g, " ")
    .trim();
}

/**
 * Text that stays text. A backslash cannot be escaped, so a word joiner, which has no width, parts
 * it from a letter that it would make a command of; likewise `{` from a backslash after it, which
 * some readers take for the start of a command although it is escaped.
 */
function escapeText(text: string): string {
  return text.replace(/[\\{}]/g, (character) =>
    character === "}" ? "\\}" : character === "{" ? "\\{\u2060" : "\\\u2060",
  );
}

function scriptHead(liveId: number, roomName: string, startTime: number): string {
  const style = (size: DanmakuStyle["size"]) =>
    `Style: ${STYLES[size]},sans-serif,${FONT_SIZES[size]},&H00FFFFFF,&H00FFFFFF,&H00000000,` +
    "&H00000000,0,0,0,0,100,100,0,0,1,2,0,7,0,0,0,1\n";
  return (
    "[Script Info]\n" +
    `; room ${liveId}, started at ${startTime} (Unix seconds)\n` +
    `Title: ${oneLine(roomName)}\n` +
    "ScriptType: v4.00+\n" +
    `PlayResX: ${SCREEN.width}\nPlayResY: ${SCREEN.height}\n` +
    "WrapStyle: 2\nScaledBorderAndShadow: yes\n\n" +
    "[V4+ Styles]\n" +
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, " +
    "Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, " +
    "Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n" +
    style("normal") +
    style("small") +
    "\n[Events]\n" +
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
  );
}
