import type { ActionParams } from "moleculer";
import type { ActionName } from "./actions.ts";
import { cancelReasons, conditionKinds } from "./lottery.ts";

/**
 * Validators beside the types of actions.ts: strict (an unknown field is an error) and without
 * conversion (the gateway turns digits of a query or form into numbers, nothing else does).
 */

export const MAX_ID = Number.MAX_SAFE_INTEGER;
/** Longest danmaku, in UTF-16 units. */
export const MAX_CONTENT = 500;
/** Longest title of a video, in UTF-16 units. */
export const MAX_TITLE = 128;
/** Longest comment, in UTF-16 units. */
export const MAX_COMMENT = 500;
/** Largest file that is taken for an image, in bytes. */
export const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
/** Longest mute, in seconds: 30 days. */
export const MAX_MUTE_SECONDS = 30 * 24 * 3600;

type Problems = { type: string; actual?: unknown; message?: string }[];

// C0 controls but tab and newline, DEL and C1: nothing a person types.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being refused
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Lone surrogates all become the same replacement character on their way to a hash. */
function checkWellFormed(value: unknown, problems: Problems): unknown {
  if (typeof value === "string" && !value.isWellFormed())
    problems.push({ type: "text", message: "is not well-formed Unicode", actual: "" });
  return value;
}

/** Text that every store, format and screen can carry: well-formed Unicode without controls. */
function checkText(value: unknown, problems: Problems): unknown {
  if (typeof value !== "string") return value;
  checkWellFormed(value, problems);
  if (problems.length > 0) return value;
  if (CONTROL.test(value))
    problems.push({ type: "text", message: "contains control characters", actual: "" });
  else if (value !== "" && value.trim() === "")
    problems.push({ type: "text", message: "is blank", actual: "" });
  return value;
}

/** A name tells people apart: spaces at its ends nobody sees, and MariaDB takes no notice of them. */
function checkName(value: unknown, problems: Problems): unknown {
  checkText(value, problems);
  if (problems.length === 0 && typeof value === "string" && value !== value.trim())
    problems.push({ type: "text", message: "begins or ends with a space", actual: "" });
  return value;
}

const id = { type: "number", integer: true, min: 1, max: MAX_ID };
const optional = <T extends object>(rule: T): T & { optional: true } => ({
  ...rule,
  optional: true,
});
const whole = (min: number, max: number) => ({ type: "number", integer: true, min, max });
const text = (min: number, max: number) => ({ type: "string", min, max, custom: checkText });
const ids = (min: number) => ({ type: "array", min, max: 100, items: id });
const none: ActionParams = { $$strict: true };
const token = { type: "string", min: 1, max: 2048 };

const style = {
  type: "object",
  strict: true,
  props: {
    mode: { type: "enum", values: ["scroll", "top", "bottom"] },
    color: { type: "string", pattern: /^#[0-9a-fA-F]{6}$/ },
    size: { type: "enum", values: ["normal", "small"] },
  },
};
const data = {
  type: "object",
  strict: true,
  props: {
    gift_name: optional(text(1, 64)),
    gift_count: optional(whole(1, 1_000_000)),
    price: optional(whole(0, 1_000_000_000)),
    duration: optional(whole(0, 86_400)),
  },
};
const gift = {
  type: "object",
  strict: true,
  props: {
    live_id: id,
    gift: text(1, 100),
    count: whole(1, 1_000),
    end_time: whole(1, MAX_ID),
  },
};
const condition = {
  type: "object",
  strict: true,
  props: {
    kind: { type: "enum", values: [...conditionKinds] },
    value: optional({ type: "string", max: 100, custom: checkText }),
  },
};
const lotteryOptions = {
  type: "object",
  strict: true,
  props: {
    exclude_last: optional(whole(0, 20)),
    blocked: optional({ type: "array", max: 1_000, items: id }),
    min_account_age: optional(whole(0, 10 * 365 * 86_400)),
    at_show_end: optional({ type: "enum", values: ["cancel", "draw"] }),
  },
};
/** A file that the gateway took in; clients cannot send this themselves. */
const upload = {
  type: "object",
  strict: true,
  props: {
    object: { type: "string", pattern: /^incoming\/[a-z0-9-]{1,64}$/ },
    size: whole(0, MAX_ID),
    sha256: { type: "string", pattern: /^[0-9a-f]{64}$/ },
  },
};
/** For whom an object of the store is kept, and for what. */
const keeper = { owner: id, purpose: { type: "string", pattern: /^[a-z]+(?::\d{1,16})?$/ } };
/** A media node, and the rooms whose video it takes: as many as it has connections. */
const holder = text(1, 128);
const streamedRooms = { type: "array", min: 1, max: 1_000, items: id };
const objectKey = { type: "string", min: 3, max: 200 };
const batchOfRecords = { type: "array", min: 1, items: { type: "object" } };

export const params: Record<ActionName, ActionParams> = {
  "user.register": {
    $$strict: true,
    username: { type: "string", min: 4, max: 31, custom: checkName },
    password: { type: "string", min: 5, max: 72, custom: checkWellFormed },
  },
  "user.login": {
    $$strict: true,
    username: text(1, 64),
    password: { type: "string", min: 1, max: 72 },
  },
  "user.join": {
    $$strict: true,
    username: { type: "string", min: 4, max: 32, custom: checkName },
    password: { type: "string", min: 5, max: 32, custom: checkWellFormed },
  },
  "user.enter": {
    $$strict: true,
    username: text(1, 64),
    password: { type: "string", min: 1, max: 72 },
  },
  "user.cards": { $$strict: true, user_ids: { type: "array", min: 1, max: 100, items: id } },
  "user.refresh": { $$strict: true, refresh_token: token },
  "user.logout": none,
  "user.me": none,
  "user.revoked": none,
  "user.brief": { $$strict: true, user_ids: { type: "array", min: 1, max: 100, items: id } },

  "user.avatar": { $$strict: true, upload },
  "user.background": { $$strict: true, upload },

  "live.open": {
    $$strict: true,
    room_name: text(1, 64),
    description: { type: "string", max: 500, custom: checkText },
  },
  "live.key": { $$strict: true, live_id: id },
  "live.close": { $$strict: true, live_id: id },
  "live.single": { $$strict: true, live_id: id },
  "live.list": {
    $$strict: true,
    offset: optional(whole(0, 1_000_000)),
    limit: optional(whole(1, 100)),
  },
  "live.stats": { $$strict: true, live_id: id },
  "live.mute": { $$strict: true, live_id: id, user_id: id, seconds: whole(0, MAX_MUTE_SECONDS) },
  "live.cover": { $$strict: true, live_id: id, upload },
  "live.card": { $$strict: true, live_id: id },
  // Everybody whom somebody follows, and the authors of a page.
  "live.shows": { $$strict: true, owners: { type: "array", min: 1, max: 1100, items: id } },

  "live.count": {
    $$strict: true,
    live_id: id,
    counters: {
      type: "object",
      strict: true,
      props: {
        peak: whole(0, MAX_ID),
        messages: whole(0, MAX_ID),
        pushed: whole(0, MAX_ID),
        merged: whole(0, MAX_ID),
        suppressed: whole(0, MAX_ID),
      },
    },
  },

  "live.admitStream": {
    $$strict: true,
    key: { type: "string", pattern: /^[A-Za-z0-9_-]{32}$/ },
    holder,
  },
  "live.keepStreams": { $$strict: true, holder, live_ids: streamedRooms },
  "live.endStreams": { $$strict: true, holder, live_ids: streamedRooms },

  "push.send": {
    $$strict: true,
    live_id: id,
    type: { type: "enum", values: [0, 1, 2] },
    content: text(1, MAX_CONTENT),
    style: optional(style),
    data: optional(data),
  },
  "push.announce": {
    $$strict: true,
    live_id: id,
    type: { type: "enum", values: [3, 4] },
    content: { type: "string", max: 1_000_000 },
    lottery_id: id,
    data: optional({
      type: "object",
      strict: true,
      props: { cancelled: { type: "enum", values: [...cancelReasons] } },
    }),
    since: whole(0, MAX_ID),
  },
  "push.fence": { $$strict: true, live_id: id },
  "push.watch": {
    $$strict: true,
    live_id: id,
    node_id: { type: "string" },
    viewers: whole(0, 1_000_000),
    epoch: whole(0, MAX_ID),
    after: optional(whole(0, MAX_ID)),
  },
  "push.since": { $$strict: true, live_id: id, after: whole(0, MAX_ID) },
  "push.stats": { $$strict: true, live_id: id },

  "message.append": { $$strict: true, messages: batchOfRecords },
  "message.tail": { $$strict: true, live_id: id, limit: whole(1, 10_000) },
  "message.catchUp": { $$strict: true, within_ms: optional(whole(0, 60_000)) },
  "message.lag": none,
  "message.single": { $$strict: true, id },
  "message.multi": {
    $$strict: true,
    live_id: id,
    start_time: whole(0, MAX_ID),
    offset: whole(0, MAX_ID),
  },
  "message.density": { $$strict: true, live_id: id, bucket: optional(whole(1, 3600)) },
  "message.said": {
    $$strict: true,
    live_id: id,
    content: text(1, MAX_CONTENT),
    after: whole(0, MAX_ID),
    up_to: whole(0, MAX_ID),
    before: whole(0, MAX_ID),
  },
  "message.announced": {
    $$strict: true,
    live_id: id,
    lottery_id: id,
    type: { type: "enum", values: [3, 4] },
    after: whole(0, MAX_ID),
  },
  "message.export": {
    $$strict: true,
    live_id: id,
    format: { type: "enum", values: ["xml", "json", "ass"] },
  },

  "video.publish": { $$strict: true, upload, title: text(1, MAX_TITLE) },
  "video.feed": { $$strict: true, latest_time: optional(whole(0, MAX_ID)) },
  "video.by_author": { $$strict: true, user_id: id },
  "video.cards": { $$strict: true, video_ids: ids(1) },

  "video.works": { $$strict: true, user_ids: ids(1) },

  "favorite.like": { $$strict: true, video_id: id },
  "favorite.unlike": { $$strict: true, video_id: id },
  "favorite.list": { $$strict: true, user_id: id },
  "favorite.counts": {
    $$strict: true,
    video_ids: ids(0),
    user_ids: ids(0),
    viewer: whole(0, MAX_ID),
  },

  "comment.create": { $$strict: true, video_id: id, comment_text: text(1, MAX_COMMENT) },
  "comment.remove": { $$strict: true, video_id: id, comment_id: id },
  "comment.list": { $$strict: true, video_id: id },
  "comment.counts": { $$strict: true, video_ids: ids(1) },
  "relation.follow": { $$strict: true, to_user_id: id },
  "relation.unfollow": { $$strict: true, to_user_id: id },
  "relation.following": { $$strict: true, user_id: id },
  "relation.followers": { $$strict: true, user_id: id },
  "relation.friends": { $$strict: true, user_id: id },
  "relation.counts": {
    $$strict: true,
    user_ids: ids(1),
    viewer: whole(0, MAX_ID),
    following: optional({ type: "boolean" }),
  },
  "relation.follows": { $$strict: true, follower: id, followee: id },
  "lottery.create": {
    $$strict: true,
    gift,
    condition: optional(condition),
    options: optional(lotteryOptions),
  },
  "lottery.single": { $$strict: true, id },
  "lottery.multi": {
    $$strict: true,
    live_id: id,
    before: optional(id),
    limit: optional(whole(1, 100)),
  },
  "lottery.entry": { $$strict: true, lottery_id: id },
  "lottery.cancel": { $$strict: true, lottery_id: id },
  "lottery.draw": { $$strict: true, lottery_id: id },
  "lottery.proof": { $$strict: true, id },
  "lottery.entrants": {
    $$strict: true,
    id,
    after: optional(whole(0, MAX_ID)),
    limit: optional(whole(1, 10_000)),
  },
  "lottery.mine": { $$strict: true, before: optional(id), limit: optional(whole(1, 100)) },
  "lottery.claim": { $$strict: true, lottery_id: id, contact: text(1, 200) },
  "lottery.winners": { $$strict: true, id },

  "chat.send": { $$strict: true, to_user_id: id, content: text(1, MAX_CONTENT) },
  "chat.history": { $$strict: true, to_user_id: id, after_ms: optional(whole(0, MAX_ID)) },
  "chat.latest": { $$strict: true, user_ids: ids(1) },
  "chat.inbox": { $$strict: true, user_id: id, after: whole(0, MAX_ID), limit: whole(1, 1_000) },
  "chat.marks": { $$strict: true, user_ids: ids(1) },
  "storage.image": {
    $$strict: true,
    ...keeper,
    upload,
    shape: { type: "enum", values: ["cover", "background", "avatar"] },
    field: text(1, 64),
  },
  "storage.record": { $$strict: true, ...keeper, key: objectKey, bytes: whole(0, MAX_ID) },
  "storage.settle": { $$strict: true, ...keeper, turn: id },
  "storage.admit": { $$strict: true, owner: id, bytes: whole(0, MAX_ID) },
  "storage.usage": { $$strict: true, owner: id },

  "config.get": none,
  "config.set": {
    $$strict: true,
    key: { type: "string", min: 3, max: 64 },
    value: { type: "any" },
  },

  "api.inbox": { $$strict: true, last_event_id: optional(whole(0, MAX_ID)) },
  "api.watch": {
    $$strict: true,
    live_id: id,
    last_event_id: optional(whole(0, MAX_ID)),
    recent: optional(whole(1, 100)),
  },
};
