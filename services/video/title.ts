import { fail } from "../../contracts/errors.ts";
import type { WordFilter } from "../../lib/word-filter.ts";

/** The title as it is listed: without blanks at its ends, filtered. @throws ProductError CONTENT_REFUSED */
export function listedTitle(title: string, words: WordFilter): string {
  const { refused, text } = words.check(title.trim());
  return refused ? fail("CONTENT_REFUSED") : text;
}
