import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { docsPage } from "./openapi/docs-page.ts";
import type { OpenApiDocument } from "./openapi/document.ts";
import { commonHeaders } from "./reply.ts";
import type { PageRoute, Route } from "./route.ts";

/** Something that never changes while the process runs. */
interface Page {
  type: string;
  body: Buffer;
  etag: string;
}

/** All pages by path. */
export type Pages = ReadonlyMap<string, Page>;

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const JS = "text/javascript; charset=utf-8";

/** Pages run their own scripts and talk to their own server, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The gateway's own pages: a start page, the API's description, and what they need. */
export function loadPages(api: OpenApiDocument): Pages {
  return new Map([
    ["/", page(HTML, read("index.html"))],
    ["/static/start.js", page(JS, read("start.js"))],
    ["/static/start.css", page(CSS, read("start.css"))],
    ["/static/docs.css", page(CSS, read("docs.css"))],
    ["/docs", page(HTML, docsPage(api))],
    ["/openapi.json", page("application/json; charset=utf-8", JSON.stringify(api))],
  ]);
}

/** What pages are made of, which nobody needs to be told of as an endpoint. */
export function assetRoutes(pages: Pages, routes: readonly Route[]): PageRoute[] {
  const told = new Set(routes.map(({ path }) => path));
  return [...pages.keys()]
    .filter((path) => !told.has(path))
    .map((path) => ({ method: "GET", path, page: "static", tag: "operations", summary: "" }));
}

function read(file: string): Buffer {
  return readFileSync(new URL(`./static/${file}`, import.meta.url));
}

function page(type: string, content: string | Buffer): Page {
  const body = Buffer.from(content);
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return { type, body, etag: `"${hash}"` };
}

export function sendPage(req: IncomingMessage, res: ServerResponse, page: Page): void {
  const headers = {
    ...commonHeaders,
    ETag: page.etag,
    "Cache-Control": "no-cache",
    ...(page.type === HTML ? { "Content-Security-Policy": CONTENT_SECURITY_POLICY } : {}),
  };
  if (req.headers["if-none-match"]?.includes(page.etag)) {
    res.writeHead(304, headers).end();
    return;
  }
  res
    .writeHead(200, { ...headers, "Content-Type": page.type, "Content-Length": page.body.length })
    .end(page.body);
}
