import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { fail, ProductError } from "../../contracts/errors.ts";
import { isPublicKey } from "../../lib/object-store/object-key.ts";
import type { ByteRange, ObjectFacts, ObjectStore } from "../../lib/object-store/object-store.ts";
import { ClientGoneError } from "./body.ts";
import { namesTag, requestedRange } from "./byte-range.ts";
import { commonHeaders } from "./reply.ts";

/** Where stored objects are found: `/media/<key>`. */
export const MEDIA_PATH = "/media/";

/** Objects that are being sent at a time; each holds a file or a connection to the store. */
const MAX_SENDING = 2_000;
/** A client that takes nothing for this long is let go; players come back for the rest by range. */
const STALL_MS = 60_000;
/** How long those who come while all places are taken should wait, in ms. */
const BUSY_MS = 2_000;

/** Nothing that is shown from here may run, embed or fetch anything, whatever a browser makes of it. */
const headersOfAll = {
  ...commonHeaders,
  "Access-Control-Expose-Headers":
    "X-Request-ID, Retry-After, Accept-Ranges, Content-Range, Content-Length, ETag",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Accept-Ranges": "bytes",
  // A key names one content for ever.
  "Cache-Control": "public, max-age=31536000, immutable",
};

/** Sends what the object store holds, to as many at once as it can bear. */
export class Media {
  readonly #store: ObjectStore;
  #sending = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * Answers a GET or HEAD request for `/media/<key>`: whole, a range, or that it has not changed.
   *
   * @throws NOT_FOUND; RANGE_NOT_SATISFIABLE; UNAVAILABLE when the store fails or all places are taken;
   *   ClientGoneError
   */
  async send(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const key = path.slice(MEDIA_PATH.length);
    if (!isPublicKey(key)) fail("NOT_FOUND");
    if (this.#sending >= MAX_SENDING) fail("UNAVAILABLE", { retry_after_ms: BUSY_MS });
    this.#sending++;
    try {
      await this.#answer(key, req, res);
    } finally {
      this.#sending--;
    }
  }

  async #answer(key: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const facts = (await this.#store.head(key)) ?? fail("NOT_FOUND");
    const headers = { ...headersOfAll, ETag: facts.etag };
    if (namesTag(req.headers["if-none-match"], facts.etag)) {
      res.writeHead(304, headers).end();
      return;
    }
    const range = rangeFor(req, facts);
    const length = range === null ? facts.size : range.end - range.start + 1;
    const head = {
      ...headers,
      "Content-Type": facts.contentType,
      "Content-Length": length,
      ...(range && { "Content-Range": `bytes ${range.start}-${range.end}/${facts.size}` }),
    };
    const status = range === null ? 200 : 206;
    if (req.method === "HEAD" || length === 0) {
      res.writeHead(status, head).end();
      return;
    }
    const content = (await this.#store.get(key, range ?? undefined)) ?? fail("NOT_FOUND");
    if (content.etag !== facts.etag) {
      content.stream.destroy();
      fail("UNAVAILABLE");
    }
    res.writeHead(status, head);
    res.setTimeout(STALL_MS, () => res.destroy());
    try {
      await pipeline(content.stream, res);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === "ERR_STREAM_PREMATURE_CLOSE" ? new ClientGoneError() : error;
    }
  }
}

/** Null: all of it. A range asked for on condition of another version is not heeded. */
function rangeFor({ headers, method }: IncomingMessage, facts: ObjectFacts): ByteRange | null {
  const condition = headers["if-range"];
  const holds = condition === undefined || condition === facts.etag;
  const range = holds && method === "GET" ? requestedRange(headers.range, facts.size) : null;
  if (range === "unsatisfiable")
    throw new ProductError("RANGE_NOT_SATISFIABLE", { size: facts.size });
  return range;
}
