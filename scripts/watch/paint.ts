/** Colours of a terminal, or none. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  /** For what should stand out: gifts, super messages. */
  highlight(text: string): string;
  /** The same colour for the same user, always. */
  user(userId: number, text: string): string;
}

/** Colours of the 256-colour palette that can be read on dark and on light backgrounds. */
const USER_COLOURS = [
  31, 32, 37, 62, 65, 66, 67, 68, 69, 71, 72, 95, 97, 98, 99, 103, 106, 107, 108, 125, 127, 129,
  130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 141, 142, 161, 162, 163, 164, 166, 167, 168,
  169, 172, 173, 174,
];

const wrap = (code: string) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;

const colours: Paint = {
  bold: wrap("1"),
  dim: wrap("2"),
  highlight: wrap("1;38;5;172"),
  user: (userId, text) => wrap(`38;5;${colourOf(userId)}`)(text),
};

const none: Paint = {
  bold: (text) => text,
  dim: (text) => text,
  highlight: (text) => text,
  user: (_, text) => text,
};

export function paint(coloured: boolean): Paint {
  return coloured ? colours : none;
}

/**
 * A number of the 256-colour palette. Ids that were given one after the other differ in their low
 * digits only, so the id is spread by a multiplication first (Knuth's multiplicative hashing).
 */
export function colourOf(userId: number): number {
  const low = userId % 2 ** 32;
  const spread = Math.imul(low, 2_654_435_761) >>> 0;
  return USER_COLOURS[spread % USER_COLOURS.length] as number;
}
