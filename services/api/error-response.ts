import {
  type ErrorData,
  type ErrorName,
  errorName,
  errors,
  ProductError,
} from "../../contracts/errors.ts";
import { type Dialect, type LiveRefusal, liveDialect } from "./dialect.ts";
import { fieldProblems } from "./validation-problems.ts";

/** What an error becomes on the wire, and how loudly it is told to the operator. */
export interface ErrorAnswer<Body extends object = LiveRefusal> {
  name: ErrorName;
  status: number;
  headers: Record<string, string>;
  body: Body;
  /** A client's mistake is `debug`, what passes by itself `warn`, ours `error`. */
  level: "debug" | "warn" | "error";
}

/** Moleculer's errors for "nobody can do this at the moment". */
const UNAVAILABLE_TYPES: ReadonlySet<unknown> = new Set([
  "SERVICE_NOT_FOUND",
  "SERVICE_NOT_AVAILABLE",
  "REQUEST_TIMEOUT",
  "REQUEST_SKIPPED",
  "REQUEST_REJECTED",
  "QUEUE_FULL",
  "NODE_DISCONNECTED",
  "BAD_GATEWAY",
]);

/** Longest wait that is asked of a client, in seconds. */
const MAX_RETRY_AFTER = 3600;

/**
 * The one mapping from anything thrown to a dialect: registry errors by their name, a
 * validator's findings to BAD_REQUEST, what Moleculer cannot reach to UNAVAILABLE, all else to
 * INTERNAL without inner details.
 *
 * @param called the actions that the gateway called: findings on the parameters of another one are
 *   our mistake, not the client's
 * @param random jitter of `Retry-After`, from [0, 1)
 */
export function errorAnswer(
  error: unknown,
  called?: readonly string[] | null,
  random?: () => number,
): ErrorAnswer;
export function errorAnswer<Body extends object>(
  error: unknown,
  called: readonly string[] | null,
  random: () => number,
  dialect: Dialect<Body>,
): ErrorAnswer<Body>;
export function errorAnswer(
  error: unknown,
  called: readonly string[] | null = null,
  random: () => number = Math.random,
  dialect: Dialect = liveDialect,
): ErrorAnswer<object> {
  const { name, data } = publicError(error, called);
  const spec = errors[name];
  const status = dialect.status(name);
  return {
    name,
    status,
    headers: headersFor(status, data, random),
    body: dialect.body(name, data),
    level: spec.status < 500 ? "debug" : "retryable" in spec ? "warn" : "error",
  };
}

function publicError(
  error: unknown,
  called: readonly string[] | null,
): { name: ErrorName; data: ErrorData | null } {
  const { type, data } = (error ?? {}) as { type?: unknown; data?: unknown };
  if (type === "VALIDATION_ERROR" && Array.isArray(data)) {
    const action = (data[0] as { action?: string } | undefined)?.action;
    if (called !== null && action !== undefined && !called.includes(action))
      return { name: "INTERNAL", data: null };
    return { name: "BAD_REQUEST", data: { fields: fieldProblems(data) } };
  }
  if (UNAVAILABLE_TYPES.has(type)) return { name: "UNAVAILABLE", data: null };
  const name = errorName(error);
  if (name === null || name === "INTERNAL") return { name: "INTERNAL", data: null };
  return { name, data: isErrorData(data) ? data : null };
}

function isErrorData(data: unknown): data is ErrorData {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function headersFor(
  status: number,
  data: ErrorData | null,
  random: () => number,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (status === 401) headers["WWW-Authenticate"] = "Bearer";
  if (status === 405 && Array.isArray(data?.allow)) headers.Allow = data.allow.join(", ");
  if (status === 416 && typeof data?.size === "number")
    headers["Content-Range"] = `bytes */${data.size}`;
  if (status === 429 || status === 503)
    headers["Retry-After"] = String(retryAfter(status, data, random));
  return headers;
}

/** Whole seconds. Where nothing better is known, 503s are spread so that clients do not return at once. */
function retryAfter(status: number, data: ErrorData | null, random: () => number): number {
  const ms = data?.retry_after_ms;
  if (typeof ms === "number" && ms > 0)
    return Math.min(MAX_RETRY_AFTER, Math.max(1, Math.ceil(ms / 1000)));
  return status === 429 ? 1 : 1 + Math.floor(random() * 5);
}

/** The answer to a path and method that are not in the table. */
export function notRouted(allow: readonly string[]): ProductError {
  return allow.length === 0
    ? new ProductError("NOT_FOUND")
    : new ProductError("METHOD_NOT_ALLOWED", { allow: [...allow] });
}
