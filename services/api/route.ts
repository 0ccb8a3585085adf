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
