import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";

/**
 * The head of a stream's response, to be written as latin1. There is no length and no chunking: the
 * body ends with the connection, so that the very same bytes can be written to every socket, whatever
 * its HTTP version.
 *
 * @throws TypeError on a name or value that node would refuse too
 */
export function streamHead(given: OutgoingHttpHeaders, gzip: boolean): string {
  const headers: OutgoingHttpHeaders = {
    ...given,
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    connection: "close",
    "content-length": undefined,
    "transfer-encoding": undefined,
    "content-encoding": gzip ? "gzip" : undefined,
    vary: given.vary === undefined ? "Accept-Encoding" : `${given.vary}, Accept-Encoding`,
  };
  let head = "HTTP/1.1 200 OK\r\n";
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    validateHeaderName(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      validateHeaderValue(name, String(one));
      head += `${name}: ${one}\r\n`;
    }
  }
  return `${head}\r\n`;
}

/** Whether the client takes gzip (RFC 9110, 12.5.3): named, or `*`, and not with q=0. */
export function acceptsGzip(req: IncomingMessage): boolean {
  const header = req.headers["accept-encoding"];
  if (header === undefined) return false;
  let any = false;
  for (const part of String(header).split(",")) {
    const [coding = "", ...weights] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const accepted = !weights.some((weight) => /^q=0(\.0*)?$/.test(weight));
    if (coding === "gzip") return accepted;
    if (coding === "*") any = accepted;
  }
  return any;
}

/** The cursor that a reconnecting EventSource sends; NaN for one that no room can have given. */
export function lastEventId(req: IncomingMessage): number | undefined {
  const header = req.headers["last-event-id"];
  if (header === undefined || header === "") return undefined;
  const id = /^\d{1,16}$/.test(String(header)) ? Number(header) : Number.NaN;
  return Number.isSafeInteger(id) ? id : Number.NaN;
}
