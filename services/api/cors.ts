import type { ServerResponse } from "node:http";
import { commonHeaders } from "./reply.ts";

/** Browsers remember a preflight's answer for as long as they allow, Chromium for two hours. */
const MAX_AGE_SECONDS = 7200;

/** Answers OPTIONS: what may be asked of a path, for preflights and for people. */
export function sendOptions(res: ServerResponse, methods: readonly string[]): void {
  const allow = [...methods, "OPTIONS"].join(", ");
  res
    .writeHead(204, {
      ...commonHeaders,
      Allow: allow,
      "Access-Control-Allow-Methods": allow,
      "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, X-Request-ID",
      "Access-Control-Max-Age": MAX_AGE_SECONDS,
    })
    .end();
}
