import { errors } from "../../../contracts/errors.ts";
import { cancelReasons, conditionKinds, lotteryStatuses } from "../../../contracts/lottery.ts";
import { douyinSchemas } from "./douyin-schemas.ts";
import { described, object, type Schema } from "./json-schema.ts";

export { object, type Schema } from "./json-schema.ts";

export const ref = (name: keyof typeof schemas): Schema => ({
  $ref: `#/components/schemas/${name}`,
});

const id = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const count = { type: "integer", minimum: 0 };
const seconds = described(count, "Unix seconds");
const text = { type: "string" };
const flag = { type: "boolean" };

export const schemas = {
  BaseResp: object(
    {
      status_code: { type: "integer", const: 0, description: "0 means success" },
      status_msg: { type: "string", const: "success" },
    },
    "Comes first in every answer",
  ),
  Error: object({
    base_resp: object({
      status_code: described(
        { type: "integer", enum: [...new Set(Object.values(errors).map(({ live }) => live))] },
        "Which error; see the list of responses",
      ),
      status_msg: text,
    }),
    data: described(
      { oneOf: [{ type: "null" }, { $ref: "#/components/schemas/ErrorData" }] },
      "What is known beyond the code",
    ),
  }),
  ErrorData: {
    type: "object",
    properties: {
      fields: {
        type: "array",
        description: "Every field that is wrong",
        items: object({ field: text, problem: text }),
      },
      retry_after_ms: described({ type: "number" }, "Milliseconds until a retry makes sense"),
    },
  },
  Id: described(id, "Below 2^53, so every JSON client reads it exactly"),
  Account: object({ user_id: id, username: text, create_time: seconds }),
  DanmakuStyle: object({
    mode: { enum: ["scroll", "top", "bottom"] },
    color: described({ type: "string", pattern: "^#[0-9a-fA-F]{6}$" }, "#RRGGBB"),
    size: { enum: ["normal", "small"] },
  }),
  MessageData: object({
    "gift_name?": text,
    "gift_count?": count,
    "price?": described(count, "In the smallest coin unit"),
    "duration?": described(count, "Seconds that a super message stays on top"),
    "cancelled?": described(
      { enum: [...cancelReasons] },
      "On a winners message without winners: why there was no draw",
    ),
  }),
  LiveMessage: object({
    type: described(
      { enum: [0, 1, 2, 3, 4] },
      "0 bullet, 1 gift, 2 super message, 3 lottery, 4 winners",
    ),
    id: described(id, "The message's id; for lottery and winners messages the lottery's id"),
    user_id: id,
    live_id: id,
    live_time: described(count, "Seconds since the room's start_time"),
    send_time: seconds,
    content: described(
      text,
      "For a lottery its prize, for winners the JSON list of their user ids",
    ),
    user_name: text,
    "style?": described(
      { $ref: "#/components/schemas/DanmakuStyle" },
      "Absent: scroll, white, normal",
    ),
    "data?": { $ref: "#/components/schemas/MessageData" },
    "message_id?": described(id, "On lottery and winners messages, whose id is the lottery's"),
  }),
  Room: object({
    live_id: id,
    room_name: text,
    introduction: text,
    owner: described(id, "The owner's user id"),
    owner_name: text,
    cover: described(text, "URL of an image, or empty"),
    start_time: seconds,
    end_time: described(count, "Unix seconds; 0 while the show is on"),
    is_live: flag,
    streaming: described(flag, "Video is coming in"),
    viewers: count,
  }),
  Gift: object(
    {
      id,
      live_id: id,
      gift: described(text, "The prize"),
      count: described(count, "How many win it"),
      end_time: seconds,
      is_end: described(flag, "Nobody can join any more"),
      status: { enum: [...lotteryStatuses] },
      cancel_reason: { enum: [...cancelReasons, null] },
      entrants: described(count, "How many have joined; up to a second old"),
      condition: object({
        kind: { enum: [...conditionKinds] },
        value: described(text, "The keyword; else empty"),
      }),
      commitment: described(text, "Hex SHA-256 of the seed, which is shown after the draw"),
      beacon_round: { type: ["integer", "null"] },
      winners: described(
        { type: "array", items: id },
        "User ids in the order of the draw; empty before it",
      ),
    },
    "A lottery",
  ),
  Prize: object({
    lottery_id: id,
    live_id: id,
    gift: text,
    place: described(count, "1 for the first drawn"),
    draw_time: seconds,
    contact: described(text, "As given by POST /lottery/claim, or empty"),
    claim_time: described(count, "Unix seconds; 0 until a contact was given"),
  }),
  LotteryWinner: object({
    place: count,
    user_id: id,
    user_name: text,
    contact: text,
    claim_time: count,
  }),
  RoomStats: object({
    live_id: id,
    viewers: count,
    peak: described(count, "Most viewers at once"),
    messages: described(count, "Messages accepted"),
    pushed: described(count, "Messages sent to the audience"),
    merged: described(count, "Repeats folded into an earlier message"),
    suppressed: described(count, "Left out by the room's ceiling; they are in history"),
  }),
  ...douyinSchemas,
} satisfies Record<string, Schema>;
