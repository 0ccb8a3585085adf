import type { ActionName } from "../../contracts/actions.ts";
import type { ErrorName } from "../../contracts/errors.ts";
import type { UploadPart } from "./upload-desk.ts";

/** Whether an endpoint looks at who is calling, and whether somebody must. */
export type Auth = "none" | "optional" | "required";

interface RouteBase {
  method: "GET" | "POST" | "DELETE";
  path: string;
  summary: string;
  tag: Tag;
  /** Errors beyond those that every endpoint of its kind may answer. */
  errors?: readonly ErrorName[];
}

/** An endpoint that calls an action and answers its result in the live envelope. */
export interface ActionRoute extends RouteBase {
  action: ActionName;
  auth: Auth;
  /**
   * `json`: the result, in the envelope. `file`: the action's stream of text, as it comes.
   * `stream`: the action of this gateway takes the connection over.
   */
  reply: "json" | "file" | "stream";
  /** Counts against the limit on sign-ins of its address. */
  signIn?: true;
  /** A file that comes with it; the action gets it as `upload`. */
  upload?: UploadPart;
}

/**
 * An endpoint that the gateway answers by itself: `static` is a page of pages.ts, found by its path,
 * `media` the objects of the store.
 */
export interface PageRoute extends RouteBase {
  page: "alive" | "ready" | "static" | "media";
}

/** The place in the table of all stored objects. */
export const MEDIA_ROUTE = "/media/{key}";

export type Route = ActionRoute | PageRoute;

export const tags = {
  account: "Accounts and sessions",
  room: "Live rooms",
  danmaku: "Danmaku and history",
  lottery: "Lotteries",
  media: "Videos and images",
  operations: "Operations",
} as const;
export type Tag = keyof typeof tags;

const account = { tag: "account", reply: "json" } as const;
const room = { tag: "room", reply: "json" } as const;
const danmaku = { tag: "danmaku", reply: "json" } as const;
const lottery = { tag: "lottery", reply: "json" } as const;
const operations = { tag: "operations", method: "GET" } as const;

/** The live dialect: every path this gateway knows. */
export const routes: readonly Route[] = [
  {
    ...account,
    method: "POST",
    path: "/register",
    action: "user.register",
    auth: "none",
    signIn: true,
    summary: "Create an account and sign in",
    errors: ["USER_EXISTS", "FEATURE_OFF", "REGISTER_FAILED"],
  },
  {
    ...account,
    method: "POST",
    path: "/login",
    action: "user.login",
    auth: "none",
    signIn: true,
    summary: "Sign in",
    errors: ["USER_NOT_FOUND", "WRONG_PASSWORD", "LOGIN_FAILED"],
  },
  {
    ...account,
    method: "POST",
    path: "/token/refresh",
    action: "user.refresh",
    auth: "none",
    signIn: true,
    summary: "Exchange a refresh token for a new pair of tokens",
    errors: ["TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_REVOKED"],
  },
  {
    ...account,
    method: "POST",
    path: "/logout",
    action: "user.logout",
    auth: "required",
    summary: "Sign out: all tokens of this session become void",
  },
  {
    ...account,
    method: "GET",
    path: "/user/me",
    action: "user.me",
    auth: "required",
    summary: "The account that is signed in",
    errors: ["USER_NOT_FOUND"],
  },
  {
    ...account,
    method: "POST",
    path: "/user/avatar",
    action: "user.avatar",
    auth: "required",
    upload: { part: "avatar", kind: "image", note: "A JPEG, PNG or WebP image; cut to a square" },
    summary: "Give the account a portrait",
    errors: ["IMAGE_REFUSED", "QUOTA_EXCEEDED", "USER_NOT_FOUND"],
  },
  {
    ...account,
    method: "POST",
    path: "/user/background",
    action: "user.background",
    auth: "required",
    upload: { part: "background", kind: "image", note: "A JPEG, PNG or WebP image" },
    summary: "Give the account's profile a picture behind it",
    errors: ["IMAGE_REFUSED", "QUOTA_EXCEEDED", "USER_NOT_FOUND"],
  },

  {
    ...room,
    method: "POST",
    path: "/room/live",
    action: "live.open",
    auth: "required",
    summary: "Open a live room; an owner has at most one open",
    errors: ["ROOM_EXISTS", "ROOM_CREATE_FAILED"],
  },
  {
    ...room,
    method: "DELETE",
    path: "/room/live",
    action: "live.close",
    auth: "required",
    summary: "End the show",
    errors: ["NO_ROOM_RIGHT", "ROOM_NOT_FOUND", "ROOM_NOT_LIVE"],
  },
  {
    ...room,
    method: "GET",
    path: "/room/live/key",
    action: "live.key",
    auth: "required",
    summary: "The room's stream key; owner only",
    errors: ["NO_ROOM_RIGHT", "ROOM_NOT_FOUND"],
  },
  {
    ...room,
    method: "GET",
    path: "/room/live/single",
    action: "live.single",
    auth: "none",
    summary: "One room",
    errors: ["ROOM_NOT_FOUND"],
  },
  {
    ...room,
    method: "GET",
    path: "/room/live/list",
    action: "live.list",
    auth: "none",
    summary: "Rooms that are live now, most watched first",
  },
  {
    ...room,
    method: "GET",
    path: "/room/live/stats",
    action: "live.stats",
    auth: "required",
    summary: "A room's traffic; owner only",
    errors: ["NO_ROOM_RIGHT", "ROOM_NOT_FOUND"],
  },
  {
    ...room,
    method: "POST",
    path: "/room/live/cover",
    action: "live.cover",
    auth: "required",
    upload: { part: "cover", kind: "image", note: "A JPEG, PNG or WebP image" },
    summary: "Give the room its picture; owner only",
    errors: ["NO_ROOM_RIGHT", "ROOM_NOT_FOUND", "IMAGE_REFUSED", "QUOTA_EXCEEDED"],
  },
  {
    ...room,
    method: "POST",
    path: "/room/live/mute",
    action: "live.mute",
    auth: "required",
    summary: "Mute or unmute a user in the room; owner only",
    errors: ["NO_ROOM_RIGHT", "ROOM_NOT_FOUND", "ROOM_NOT_LIVE", "USER_NOT_FOUND"],
  },

  {
    ...danmaku,
    method: "POST",
    path: "/message/live",
    action: "push.send",
    auth: "required",
    summary: "Send a danmaku; once answered, it is in history",
    errors: [
      "ROOM_NOT_FOUND",
      "ROOM_NOT_LIVE",
      "MUTED",
      "CONTENT_REFUSED",
      "RATE_LIMITED",
      "SEND_FAILED",
    ],
  },
  {
    ...danmaku,
    method: "GET",
    path: "/message/live",
    action: "api.watch",
    auth: "optional",
    reply: "stream",
    summary: "Watch a room: server-sent events, resumable",
    errors: ["ROOM_NOT_FOUND", "ROOM_NOT_LIVE", "TOO_MANY_VIEWERS", "NEED_LOGIN"],
  },
  {
    ...danmaku,
    method: "GET",
    path: "/message/history/single",
    action: "message.single",
    auth: "none",
    summary: "One message",
    errors: ["MESSAGE_NOT_FOUND", "MESSAGE_READ_FAILED"],
  },
  {
    ...danmaku,
    method: "GET",
    path: "/message/history/multi",
    action: "message.multi",
    auth: "none",
    summary: "Messages of a span of the show, oldest first, at most 100",
    errors: ["ROOM_NOT_FOUND", "HISTORY_FAILED"],
  },
  {
    ...danmaku,
    method: "GET",
    path: "/message/history/density",
    action: "message.density",
    auth: "none",
    summary: "Messages per slice of the show, for a heat strip under a player",
    errors: ["ROOM_NOT_FOUND", "HISTORY_FAILED"],
  },
  {
    ...danmaku,
    method: "GET",
    path: "/message/history/export",
    action: "message.export",
    auth: "none",
    reply: "file",
    summary: "The whole history as a file for players",
    errors: ["ROOM_NOT_FOUND", "HISTORY_FAILED"],
  },

  {
    ...lottery,
    method: "POST",
    path: "/lottery",
    action: "lottery.create",
    auth: "required",
    summary: "Hold a lottery in one's room, and tell the room",
    errors: [
      "NO_ROOM_RIGHT",
      "ROOM_NOT_FOUND",
      "ROOM_NOT_LIVE",
      "CONTENT_REFUSED",
      "TOO_MANY_LOTTERIES",
    ],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/single",
    action: "lottery.single",
    auth: "none",
    summary: "One lottery",
    errors: ["LOTTERY_NOT_FOUND"],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/multi",
    action: "lottery.multi",
    auth: "none",
    summary: "The lotteries of a room, the newest first",
    errors: ["ROOM_NOT_FOUND"],
  },
  {
    ...lottery,
    method: "POST",
    path: "/lottery/entry",
    action: "lottery.entry",
    auth: "required",
    summary: "Join a lottery; once answered, one takes part",
    errors: ["LOTTERY_NOT_FOUND", "LOTTERY_CLOSED", "LOTTERY_CONDITION", "LOTTERY_NOT_ALLOWED"],
  },
  {
    ...lottery,
    method: "POST",
    path: "/lottery/cancel",
    action: "lottery.cancel",
    auth: "required",
    summary: "Cancel a lottery before its draw; owner only",
    errors: ["LOTTERY_NOT_FOUND", "NO_ROOM_RIGHT", "LOTTERY_CLOSED"],
  },
  {
    ...lottery,
    method: "POST",
    path: "/lottery/draw",
    action: "lottery.draw",
    auth: "required",
    summary: "Draw a lottery now instead of at its end; owner only",
    errors: ["LOTTERY_NOT_FOUND", "NO_ROOM_RIGHT", "LOTTERY_CLOSED"],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/proof",
    action: "lottery.proof",
    auth: "none",
    summary: "What a draw was promised to be, and after it everything to check it by",
    errors: ["LOTTERY_NOT_FOUND"],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/entrants",
    action: "lottery.entrants",
    auth: "none",
    summary: "Who took part in a drawn lottery: user ids, ascending, in pages",
    errors: ["LOTTERY_NOT_FOUND", "LOTTERY_NOT_DRAWN"],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/mine",
    action: "lottery.mine",
    auth: "required",
    summary: "What one has won, the newest first",
  },
  {
    ...lottery,
    method: "POST",
    path: "/lottery/claim",
    action: "lottery.claim",
    auth: "required",
    summary: "Tell the owner how to reach a winner; winners only",
    errors: ["LOTTERY_NOT_FOUND", "NOT_A_WINNER"],
  },
  {
    ...lottery,
    method: "GET",
    path: "/lottery/winners",
    action: "lottery.winners",
    auth: "required",
    summary: "Who won, and how to reach them; owner only",
    errors: ["LOTTERY_NOT_FOUND", "NO_ROOM_RIGHT", "LOTTERY_NOT_DRAWN"],
  },

  {
    method: "GET",
    path: MEDIA_ROUTE,
    page: "media",
    tag: "media",
    summary: "A stored video or image, whole or by range",
    errors: ["NOT_FOUND", "RANGE_NOT_SATISFIABLE", "UNAVAILABLE"],
  },

  { ...operations, path: "/health/live", page: "alive", summary: "Whether the process runs" },
  {
    ...operations,
    path: "/health/ready",
    page: "ready",
    summary: "Whether requests can be served: all services are there and nothing is being stopped",
    errors: ["UNAVAILABLE"],
  },
  {
    ...operations,
    path: "/openapi.json",
    page: "static",
    summary: "This description (OpenAPI 3.1)",
  },
  { ...operations, path: "/docs", page: "static", summary: "This description, for people" },
  { ...operations, path: "/", page: "static", summary: "Start page: the rooms that are live" },
];
