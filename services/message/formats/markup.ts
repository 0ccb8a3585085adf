/** What XML 1.0 (section 2.2) has no place for: most control characters, lone surrogates, U+FFFE/F. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const SPECIAL = /[&<>"'\t\n\r]/g;

const REFERENCES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  // Written raw, these would reach the reader of an attribute as spaces.
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Drops the characters that no text file should carry, by the measure of XML 1.0. */
export function dropForbidden(text: string): string {
  return text.replace(FORBIDDEN, "");
}

/** Text for XML or HTML, as content or between quotes; what XML forbids is dropped. */
export function escapeMarkup(text: string): string {
  return dropForbidden(text).replace(SPECIAL, (character) => REFERENCES[character] ?? character);
}
