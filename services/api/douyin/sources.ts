import type { IncomingMessage } from "node:http";
import { hasBody, MAX_BODY, parseBody, readBody } from "../body.ts";
import type { Source } from "../coerce.ts";
import { parsePairs } from "../form.ts";
import { isMultipart, parseMultipart } from "../multipart.ts";

/** Where a request's parameters are: its query, then its body, which may be a multipart form too. */
export async function readSources(req: IncomingMessage, query: string): Promise<Source[]> {
  const sources: Source[] = query === "" ? [] : [parsePairs(query, "query")];
  if (!hasBody(req.headers)) return sources;
  const body = await readBody(req, MAX_BODY);
  if (body.length === 0) return sources;
  const type = req.headers["content-type"];
  sources.push(isMultipart(type) ? await parseMultipart(body, type) : parseBody(body, req.headers));
  return sources;
}
