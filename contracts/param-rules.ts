import type { ActionParams } from "moleculer";
import { conditionKinds } from "./lottery.ts";

/** What the validators of params.ts are made of, and the limits that others have to know. */

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
export function checkWellFormed(value: unknown, problems: Problems): unknown {
  if (typeof value === "string" && !value.isWellFormed())
    problems.push({ type: "text", message: "is not well-formed Unicode", actual: "" });
  return value;
}

/** Text that every store, format and screen can carry: well-formed Unicode without controls. */
export function checkText(value: unknown, problems: Problems): unknown {
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
export function checkName(value: unknown, problems: Problems): unknown {
  checkText(value, problems);
  if (problems.length === 0 && typeof value === "string" && value !== value.trim())
    problems.push({ type: "text", message: "begins or ends with a space", actual: "" });
  return value;
}

export const id = { type: "number", integer: true, min: 1, max: MAX_ID };
export const optional = <T extends object>(rule: T): T & { optional: true } => ({
  ...rule,
  optional: true,
});
export const whole = (min: number, max: number) => ({ type: "number", integer: true, min, max });
export const text = (min: number, max: number) => ({ type: "string", min, max, custom: checkText });
export const ids = (min: number) => ({ type: "array", min, max: 100, items: id });
export const none: ActionParams = { $$strict: true };
export const token = { type: "string", min: 1, max: 2048 };

export const style = {
  type: "object",
  strict: true,
  props: {
    mode: { type: "enum", values: ["scroll", "top", "bottom"] },
    color: { type: "string", pattern: /^#[0-9a-fA-F]{6}$/ },
    size: { type: "enum", values: ["normal", "small"] },
  },
};
export const data = {
  type: "object",
  strict: true,
  props: {
    gift_name: optional(text(1, 64)),
    gift_count: optional(whole(1, 1_000_000)),
    price: optional(whole(0, 1_000_000_000)),
    duration: optional(whole(0, 86_400)),
  },
};
export const gift = {
  type: "object",
  strict: true,
  props: {
    live_id: id,
    gift: text(1, 100),
    count: whole(1, 1_000),
    end_time: whole(1, MAX_ID),
  },
};
export const condition = {
  type: "object",
  strict: true,
  props: {
    kind: { type: "enum", values: [...conditionKinds] },
    value: optional({ type: "string", max: 100, custom: checkText }),
  },
};
export const lotteryOptions = {
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
export const upload = {
  type: "object",
  strict: true,
  props: {
    object: { type: "string", pattern: /^incoming\/[a-z0-9-]{1,64}$/ },
    size: whole(0, MAX_ID),
    sha256: { type: "string", pattern: /^[0-9a-f]{64}$/ },
  },
};
/** For whom an object of the store is kept, and for what. */
export const keeper = { owner: id, purpose: { type: "string", pattern: /^[a-z]+(?::\d{1,16})?$/ } };
/** A media node, and the rooms whose video it takes: as many as it has connections. */
export const holder = text(1, 128);
export const streamedRooms = { type: "array", min: 1, max: 1_000, items: id };
export const objectKey = { type: "string", min: 3, max: 200 };
export const batchOfRecords = { type: "array", min: 1, items: { type: "object" } };
