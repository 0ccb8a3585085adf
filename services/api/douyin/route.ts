import type { IncomingMessage, ServerResponse } from "node:http";
import type { ActionParams } from "moleculer";
import type { ActionName, Params, Result } from "../../../contracts/actions.ts";
import type { ErrorName } from "../../../contracts/errors.ts";
import type { Caller, Upload } from "../../../contracts/objects.ts";
import type { DouyinUser } from "../../../contracts/short-video.ts";
import type { Schema } from "../openapi/schemas.ts";
import type { Auth } from "../route.ts";
import type { UploadPart } from "../upload-desk.ts";

/** What {@link Ask.profiles} calls. */
export const profileActions = [
  "user.cards",
  "relation.counts",
  "favorite.counts",
  "video.works",
] as const satisfies ActionName[];

/** One request of the short-video dialect, as its route gets to see it. */
export interface Ask<P = object> {
  /** Typed and checked by the route's `params`. */
  params: P;
  caller: Caller | null;
  /** The caller's user id; 0 for a guest. */
  viewer: number;
  /** Calls an action on behalf of the caller. */
  call<A extends ActionName>(action: A, params: Params<A>): Promise<Result<A>>;
  /** People as the caller sees them, by id; those who do not exist are missing. */
  profiles(userIds: number[]): Promise<Map<number, DouyinUser>>;
  /** The file that came with it, where the route takes one; gone when `perform` is done. */
  upload: Upload | null;
  /** The absolute URL, as this client reaches us, of one of our paths; "" stays "". */
  url(path: string): string;
  req: IncomingMessage;
  res: ServerResponse;
}

export const douyinTags = {
  people: "Short video: people",
  videos: "Short video: videos",
  chat: "Short video: chat",
} as const;

interface Described {
  method: "GET" | "POST";
  /** Ends in a slash; the gateway answers it without one too. */
  path: `/douyin/${string}/`;
  summary: string;
  tag: keyof typeof douyinTags;
  auth: Auth;
  /** Counts against the limit on sign-ins of its address. */
  signIn?: true;
  /** A file that comes with it, in a multipart body: `ask.upload`. */
  upload?: UploadPart;
  /** Errors beyond those that every endpoint may answer. */
  errors?: readonly ErrorName[];
  /** What clients send; what else they send is ignored. Validator rules, as in contracts/params.ts. */
  params: ActionParams;
  /** What a parameter means, where its name does not say it. */
  notes?: Record<string, string>;
  /** The actions that it calls: the gateway is ready when their services are there. */
  actions: readonly ActionName[];
}

/** An endpoint that answers fields in the envelope. */
interface AnsweringRoute<P> extends Described {
  reply: "json";
  /** What the answer has beyond the envelope, as JSON Schema. */
  fields: Record<string, Schema>;
  /** Answers those fields. */
  perform(ask: Ask<P>): Promise<object>;
}

/** An endpoint that takes the connection over and answers on it. */
interface StreamRoute extends Described {
  reply: "stream";
  /** The action of this very gateway that does: a connection cannot be sent to another one. */
  stream: "inbox";
}

export type DouyinRoute = AnsweringRoute<never> | StreamRoute;

/** An entry of the table; `P` is what its validator lets through. */
export function route<P>(entry: AnsweringRoute<P> | StreamRoute): DouyinRoute {
  return entry as DouyinRoute;
}
