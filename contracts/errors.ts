/**
 * The one registry of errors. A name is what code branches on (`error.type`): classes do not survive
 * a call to another node, but `type`, `code`, `data` and `retryable` do.
 *
 * `status` is the HTTP status, `live` the status_code of the live dialect. `douyin` is that of the
 * short-video dialect: 30000 more than `live`, but for the four codes of tokens that its clients know;
 * which HTTP status goes with it there, see {@link douyinStatus}.
 */
interface ErrorSpec {
  readonly status: number;
  readonly live: number;
  readonly douyin: number;
  readonly message: string;
  /** The same request may succeed later without being changed. */
  readonly retryable?: true;
}

export const errors = {
  NEED_LOGIN: { status: 401, live: 10000, douyin: 30001, message: "need login" },
  BAD_REQUEST: { status: 400, live: 10001, douyin: 40001, message: "bad request" },
  TOKEN_EXPIRED: { status: 401, live: 10002, douyin: 30003, message: "token expired" },
  TOKEN_INVALID: { status: 401, live: 10003, douyin: 30003, message: "token invalid" },
  REGISTER_FAILED: { status: 500, live: 10004, douyin: 40004, message: "register failed" },
  USER_EXISTS: { status: 409, live: 10005, douyin: 40005, message: "user already exists" },
  LOGIN_FAILED: { status: 500, live: 10006, douyin: 40006, message: "login failed" },
  USER_NOT_FOUND: { status: 404, live: 10007, douyin: 40007, message: "user not found" },
  WRONG_PASSWORD: { status: 401, live: 10008, douyin: 40008, message: "wrong password" },
  SEND_FAILED: {
    status: 503,
    live: 10009,
    douyin: 40009,
    message: "send message failed",
    retryable: true,
  },
  HISTORY_FAILED: {
    status: 500,
    live: 10010,
    douyin: 40010,
    message: "get history messages failed",
  },
  MESSAGE_READ_FAILED: {
    status: 500,
    live: 10011,
    douyin: 40011,
    message: "get message by id failed",
  },
  ROOM_CREATE_FAILED: {
    status: 500,
    live: 10012,
    douyin: 40012,
    message: "create live room failed",
  },
  ROOM_EXISTS: { status: 409, live: 10013, douyin: 40013, message: "live room already exists" },
  INTERNAL: { status: 500, live: 10014, douyin: 40014, message: "internal error" },
  NO_ROOM_RIGHT: { status: 403, live: 10015, douyin: 40015, message: "no live room right" },
  LOTTERY_NOT_FOUND: { status: 404, live: 10016, douyin: 40016, message: "lottery not found" },
  ROOM_NOT_LIVE: { status: 409, live: 10017, douyin: 40017, message: "live room not live" },
  RATE_LIMITED: {
    status: 429,
    live: 10018,
    douyin: 40018,
    message: "rate limited",
    retryable: true,
  },
  MESSAGE_NOT_FOUND: { status: 404, live: 10019, douyin: 40019, message: "message not found" },
  ROOM_NOT_FOUND: { status: 404, live: 10020, douyin: 40020, message: "live room not found" },
  LOTTERY_CLOSED: { status: 409, live: 10021, douyin: 40021, message: "lottery closed" },
  CONTENT_REFUSED: { status: 422, live: 10022, douyin: 40022, message: "content refused" },
  MUTED: { status: 403, live: 10023, douyin: 40023, message: "muted in this room" },
  PAYLOAD_TOO_LARGE: { status: 413, live: 10024, douyin: 40024, message: "payload too large" },
  UNAVAILABLE: {
    status: 503,
    live: 10025,
    douyin: 40025,
    message: "service unavailable",
    retryable: true,
  },
  NOT_FOUND: { status: 404, live: 10026, douyin: 40026, message: "no such path" },
  METHOD_NOT_ALLOWED: { status: 405, live: 10027, douyin: 40027, message: "method not allowed" },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    live: 10028,
    douyin: 40028,
    message: "unsupported media type",
  },
  TOKEN_REVOKED: { status: 401, live: 10029, douyin: 30003, message: "token revoked" },
  TOO_MANY_VIEWERS: {
    status: 503,
    live: 10030,
    douyin: 40030,
    message: "too many viewers",
    retryable: true,
  },
  FEATURE_OFF: { status: 403, live: 10031, douyin: 40031, message: "switched off by the operator" },
  TOKEN_MALFORMED: { status: 401, live: 10032, douyin: 30002, message: "token malformed" },
  TOKEN_EMPTY: { status: 401, live: 10033, douyin: 30004, message: "token empty" },
  LOTTERY_CONDITION: {
    status: 422,
    live: 10034,
    douyin: 40034,
    message: "lottery condition not met",
  },
  LOTTERY_NOT_ALLOWED: {
    status: 403,
    live: 10035,
    douyin: 40035,
    message: "not allowed in this lottery",
  },
  LOTTERY_NOT_DRAWN: { status: 409, live: 10036, douyin: 40036, message: "lottery not drawn" },
  TOO_MANY_LOTTERIES: {
    status: 409,
    live: 10037,
    douyin: 40037,
    message: "too many open lotteries",
  },
  NOT_A_WINNER: {
    status: 403,
    live: 10038,
    douyin: 40038,
    message: "not a winner of this lottery",
  },
  NOT_A_VIDEO: {
    status: 422,
    live: 10050,
    douyin: 40050,
    message: "not a video in MP4, MOV or WebM",
  },
  NO_VIDEO_TRACK: {
    status: 422,
    live: 10051,
    douyin: 40051,
    message: "no video track in the file",
  },
  VIDEO_DAMAGED: { status: 422, live: 10052, douyin: 40052, message: "video cannot be decoded" },
  VIDEO_TOO_LONG: { status: 422, live: 10053, douyin: 40053, message: "video too long" },
  PICTURE_TOO_LARGE: { status: 422, live: 10054, douyin: 40054, message: "picture too large" },
  VIDEO_TOOLS_MISSING: {
    status: 503,
    live: 10055,
    douyin: 40055,
    message: "no videos taken: ffmpeg is missing on the server",
  },
  VIDEO_NOT_FOUND: { status: 404, live: 10060, douyin: 40060, message: "video not found" },
  COMMENT_NOT_FOUND: { status: 404, live: 10061, douyin: 40061, message: "comment not found" },
  NO_COMMENT_RIGHT: {
    status: 403,
    live: 10062,
    douyin: 40062,
    message: "no right to this comment",
  },
  NOT_WITH_ONESELF: {
    status: 409,
    live: 10070,
    douyin: 40070,
    message: "not possible with oneself",
  },
  FRIENDS_ONLY: { status: 403, live: 10071, douyin: 40071, message: "only friends may write" },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    live: 10080,
    douyin: 40080,
    message: "range not satisfiable",
  },
  QUOTA_EXCEEDED: { status: 403, live: 10081, douyin: 40081, message: "storage quota exceeded" },
  IMAGE_REFUSED: { status: 422, live: 10082, douyin: 40082, message: "image refused" },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorName = keyof typeof errors;

/** What a client of the short-video dialect notices by HTTP alone, besides tokens, floods and faults. */
const OF_HTTP: ReadonlySet<ErrorName> = new Set<ErrorName>([
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
]);

/**
 * The HTTP status of an error in the short-video dialect, whose clients look for what their request
 * did wrong in `status_code` and expect 200 around it.
 */
export function douyinStatus(name: ErrorName): number {
  const { status, douyin } = errors[name];
  const isOfToken = douyin < 40_000;
  return isOfToken || status === 429 || status >= 500 || OF_HTTP.has(name) ? status : 200;
}

/** One bad field: where, and what is wrong with it. */
export interface FieldProblem {
  field: string;
  problem: string;
}

/** What an error may tell a client beyond its name. Never inner details. */
export interface ErrorData {
  fields?: FieldProblem[];
  /** Milliseconds until a retry makes sense; the gateway turns it into `Retry-After`. */
  retry_after_ms?: number;
  [detail: string]: unknown;
}

/**
 * An error from the registry. `code` is the HTTP status and `type` the registry name, the two
 * properties that Moleculer carries across nodes.
 */
export class ProductError extends Error {
  readonly code: number;
  readonly type: ErrorName;
  readonly data: ErrorData | null;
  readonly retryable: boolean;

  constructor(name: ErrorName, data: ErrorData | null = null) {
    const spec: ErrorSpec = errors[name];
    super(spec.message);
    this.name = "ProductError";
    this.code = spec.status;
    this.type = name;
    this.data = data;
    this.retryable = spec.retryable === true;
  }
}

/** Throws the error of that name. */
export function fail(name: ErrorName, data: ErrorData | null = null): never {
  throw new ProductError(name, data);
}

/** Throws BAD_REQUEST that names one field. */
export function failField(field: string, problem: string): never {
  throw new ProductError("BAD_REQUEST", { fields: [{ field, problem }] });
}

export function isErrorName(value: unknown): value is ErrorName {
  return typeof value === "string" && Object.hasOwn(errors, value);
}

/** The registry name of any error, also of one that came from another node; null if it has none. */
export function errorName(error: unknown): ErrorName | null {
  const type = (error as { type?: unknown } | null)?.type;
  return isErrorName(type) ? type : null;
}
