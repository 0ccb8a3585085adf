const INVISIBLE = /\p{Mark}|\p{Cf}/u;

/**
 * About how wide a text is drawn, in em: CJK, full-width forms and emoji fill a square, other
 * letters half of one, marks that join the letter before them nothing.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 0.5;
  if (INVISIBLE.test(character)) return 0;
  return isSquare(code) ? 1 : 0.5;
}

/** Above U+2E80 nearly all is square; where a script is narrower the text merely gets more room. */
function isSquare(code: number): boolean {
  if (code >= 0x2e80) return code < 0xff61 || code > 0xffdc;
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2600 && code <= 0x27bf);
}
