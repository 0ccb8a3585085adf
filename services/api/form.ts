import { failField } from "../../contracts/errors.ts";

/** Parameters in one query or form. */
export const MAX_PAIRS = 100;

export type Pair = readonly [name: string, value: string];

/**
 * Parses a query or an application/x-www-form-urlencoded body into its pairs, in order, flat: names
 * like `a[b]` are just names.
 *
 * @param where names the place in errors: `query` or `body`
 * @throws BAD_REQUEST on more than {@link MAX_PAIRS} pairs and on what is no percent-encoded UTF-8
 */
export function parsePairs(text: string, where: "query" | "body"): Pair[] {
  const pairs: Pair[] = [];
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("&", start);
    if (end === -1) end = text.length;
    if (end > start) {
      if (pairs.length === MAX_PAIRS) failField(where, `has more than ${MAX_PAIRS} parameters`);
      const part = text.slice(start, end);
      const equals = part.indexOf("=");
      pairs.push(
        equals === -1
          ? [decode(part, where), ""]
          : [decode(part.slice(0, equals), where), decode(part.slice(equals + 1), where)],
      );
    }
    start = end + 1;
  }
  return pairs;
}

function decode(text: string, where: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    failField(where, "is not percent-encoded UTF-8");
  }
}
