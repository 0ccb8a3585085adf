import type { IncomingMessage } from "node:http";

/** A host name or address, with a port if need be; nothing else may become part of a URL. */
const HOST = /^(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * How this client reaches us: `http://host:port`, without a slash at the end. Behind proxies of ours
 * it is what they say of the outside (`X-Forwarded-Proto`, `X-Forwarded-Host`).
 */
export function baseUrl(req: IncomingMessage, trustedHops: number): string {
  const told = (name: string) =>
    trustedHops === 0
      ? undefined
      : String(req.headers[name] ?? "")
          .split(",")[0]
          ?.trim();
  const scheme = told("x-forwarded-proto")?.toLowerCase() === "https" ? "https" : "http";
  const named = [told("x-forwarded-host"), req.headers.host].find((host) => HOST.test(host ?? ""));
  return `${scheme}://${named ?? `localhost:${req.socket.localPort}`}`;
}
