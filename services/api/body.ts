import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { fail, failField, ProductError } from "../../contracts/errors.ts";
import type { Source } from "./coerce.ts";
import { parsePairs } from "./form.ts";
import { isWithinDepth, MAX_DEPTH } from "./json-depth.ts";

/** Bytes of a request's body. */
export const MAX_BODY = 64 * 1024;

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientGoneError extends Error {
  constructor() {
    super("the client closed the connection before its request was complete");
    this.name = "ClientGoneError";
  }
}

/** Whether a request has a body at all, by its headers. */
export function hasBody(headers: IncomingMessage["headers"]): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * Reads a whole body, and keeps at most `limit` bytes of it. Beyond that it stops listening: node
 * reads on and discards, so that the client, which may still be sending, gets to see the answer.
 *
 * @throws PAYLOAD_TOO_LARGE; ClientGoneError
 */
export function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(req.headers["content-length"] ?? 0) > limit) {
      reject(new ProductError("PAYLOAD_TOO_LARGE", { max_bytes: limit }));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      req.off("data", onData).off("end", onEnd).off("close", onClose);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= limit) return;
      stop();
      req.resume();
      reject(new ProductError("PAYLOAD_TOO_LARGE", { max_bytes: limit }));
    };
    const onEnd = () => {
      stop();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    };
    const onClose = () => {
      stop();
      reject(new ClientGoneError());
    };
    req.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/**
 * The parameters in a body: a form or a JSON object.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE; BAD_REQUEST on broken JSON, bytes that are no UTF-8, JSON deeper
 *   than {@link MAX_DEPTH} levels, or a form with too many parameters
 */
export function parseBody(body: Buffer, headers: IncomingMessage["headers"]): Source {
  const encoding = headers["content-encoding"]?.toLowerCase();
  if (encoding !== undefined && encoding !== "identity") fail("UNSUPPORTED_MEDIA_TYPE");
  const { type, charset } = mediaType(headers["content-type"] ?? "");
  if (charset !== null && charset !== "utf-8" && charset !== "utf8") fail("UNSUPPORTED_MEDIA_TYPE");
  if (type === "application/json") return Object.entries(parseJson(decodeUtf8(body)));
  if (type === "application/x-www-form-urlencoded") return parsePairs(decodeUtf8(body), "body");
  fail("UNSUPPORTED_MEDIA_TYPE", {
    supported: ["application/json", "application/x-www-form-urlencoded"],
  });
}

function mediaType(header: string): { type: string; charset: string | null } {
  if (header === "application/json") return { type: header, charset: null };
  const lower = header.toLowerCase();
  const charset = /;\s*charset="?([^\s;"]+)"?/.exec(lower)?.[1] ?? null;
  return { type: (lower.split(";", 1)[0] as string).trim(), charset };
}

function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) failField("body", "is not UTF-8");
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return body.toString("utf8", hasMark ? 3 : 0);
}

function parseJson(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    failField("body", "is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    failField("body", "must be a JSON object");
  if (!isWithinDepth(value, MAX_DEPTH))
    failField("body", `is nested deeper than ${MAX_DEPTH} levels`);
  return value;
}
