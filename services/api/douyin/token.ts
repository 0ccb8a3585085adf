import { fail } from "../../../contracts/errors.ts";
import type { Source } from "../coerce.ts";

/** Three parts of base64url, as every JWT is. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * The token of a request, from the header or from whatever place has one; "" where there is an empty
 * one, null where there is none. The header may leave the word `Bearer` out.
 *
 * @throws TOKEN_MALFORMED when it is something that is no JWT at all
 */
export function givenToken(
  authorization: string | undefined,
  sources: readonly Source[],
): string | null {
  let found = authorization === undefined ? null : fromHeader(authorization);
  for (const source of sources) {
    if (found !== null && found !== "") break;
    for (const [name, value] of source) {
      if (name !== "token" || value === null) continue;
      if (typeof value !== "string") fail("TOKEN_MALFORMED");
      found = value;
      if (found !== "") break;
    }
  }
  if (found !== null && found !== "" && !JWT.test(found)) fail("TOKEN_MALFORMED");
  return found;
}

/** Other schemes than Bearer are none of ours. */
function fromHeader(authorization: string): string | null {
  const words = authorization.trim().split(/\s+/);
  if (words.length === 1) return /^bearer$/i.test(words[0] ?? "") ? "" : (words[0] ?? "");
  return words[0]?.toLowerCase() === "bearer" ? words.slice(1).join(" ") : null;
}
