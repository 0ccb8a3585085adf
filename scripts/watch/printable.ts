// C0 and C1 controls and DEL: ESC among them, with which a text could move the cursor, clear the
// screen or set the window's title.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
/** Marks that turn the direction of whatever follows on the line, and separators that end it. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;

/** A foreign text as one line that cannot control the terminal. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\t\n\r]+/g, " ")
    .replace(CONTROLS, "")
    .replace(REORDERING, "");
}

/** JSON whose text cannot control the terminal either; it means the same. */
export function printableJson(value: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(CONTROLS, escaped).replace(REORDERING, escaped);
}
