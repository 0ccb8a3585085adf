import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ClientGoneError } from "./body.ts";

/**
 * What every answer carries. Any origin may read it: who calls is said by a token in the request,
 * never by a cookie that a browser would add by itself.
 */
export const commonHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "X-Request-ID, Retry-After",
} as const;

const jsonHeaders = {
  ...commonHeaders,
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
};

/** A client that takes nothing of a file for this long is let go. */
const FILE_STALL_MS = 30_000;

const SUCCESS = '{"base_resp":{"status_code":0,"status_msg":"success"}';

/** The live envelope around a result, as JSON. */
export function successJson(result: object | null): string {
  const fields = result === null ? "{}" : JSON.stringify(result);
  return fields === "{}" ? `${SUCCESS}}` : `${SUCCESS},${fields.slice(1)}`;
}

export function sendJson(
  res: ServerResponse,
  status: number,
  json: string,
  more?: Record<string, string>,
): void {
  const headers = { ...jsonHeaders, "Content-Length": Buffer.byteLength(json), ...more };
  res.writeHead(status, headers).end(json);
}

/**
 * Sends a stream of text as a file to save. A source that fails before its first byte can still be
 * answered with an error, so nothing is sent until then.
 *
 * @throws what the source throws; once bytes are out the connection is cut, so that the client
 *   does not take the part for the whole. ClientGoneError
 */
export async function sendFile(
  res: ServerResponse,
  source: Readable,
  file: { type: string; name: string },
): Promise<void> {
  await firstByte(source);
  res.writeHead(200, {
    ...commonHeaders,
    "Content-Type": file.type,
    "Content-Disposition": `attachment; filename="${file.name}"`,
    "Cache-Control": "no-store",
  });
  if (res.req.method === "HEAD") {
    source.destroy();
    res.end();
    return;
  }
  res.setTimeout(FILE_STALL_MS, () => res.destroy());
  try {
    await pipeline(source, res);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ERR_STREAM_PREMATURE_CLOSE" ? new ClientGoneError() : error;
  }
}

function firstByte(source: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      source.off("readable", settle).off("end", settle).off("error", settle);
      if (error instanceof Error) reject(error);
      else resolve();
    };
    source.on("readable", settle).on("end", settle).on("error", settle);
  });
}
