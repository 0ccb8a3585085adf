import type { IncomingMessage } from "node:http";
import { fail } from "../../contracts/errors.ts";
import { hasBody, MAX_BODY, parseBody, readBody } from "./body.ts";
import type { Source } from "./coerce.ts";
import { parsePairs } from "./form.ts";

/** Where the parameters of a request are: its query, and its body if there is one. */
export async function readSources(req: IncomingMessage, query: string): Promise<Source[]> {
  const sources: Source[] = [];
  if (query !== "") sources.push(parsePairs(query, "query"));
  if (hasBody(req.headers)) {
    const body = await readBody(req, MAX_BODY);
    if (body.length > 0) sources.push(parseBody(body, req.headers));
  }
  return sources;
}

/** The access token among the parameters, for clients that cannot set headers; null without one. */
export function tokenIn(sources: readonly Source[]): string | null {
  for (const source of sources) {
    for (const [name, value] of source) {
      if (name !== "token" || value === "" || value === null) continue;
      return typeof value === "string" ? value : fail("TOKEN_INVALID");
    }
  }
  return null;
}
