import { Mint } from "mint-filter";

/** What became of a text. */
export interface WordVerdict {
  /** It contains a word that is not to be said. */
  refused: boolean;
  /** The text with masked words replaced, one asterisk for each character; unchanged if refused. */
  text: string;
}

export interface WordFilter {
  check(text: string): WordVerdict;
}

/**
 * Builds a filter (Aho–Corasick, by mint-filter): made once for each change of the lists, then
 * linear in the length of a text. Words are found anywhere, also inside other words.
 *
 * Letter case, width and other compatibility forms (NFKC) do not matter; neither do invisible
 * characters, blanks between characters of scripts that have none, and blanks between single
 * letters. Words of nothing but invisible characters are left out.
 */
export function createWordFilter(lists: { refuse: string[]; mask: string[] }): WordFilter {
  const refuse = automaton(lists.refuse);
  const mask = automaton(lists.mask);
  if (refuse === null && mask === null) return { check: (text) => ({ refused: false, text }) };
  return {
    check(text) {
      const folded = fold(text);
      if (refuse !== null && findWord(refuse, folded.text, { state: refuse, at: 0 }) > 0)
        return { refused: true, text };
      return { refused: false, text: mask === null ? text : maskAll(text, folded, mask) };
    },
  };
}

type State = Mint["root"];

/** The start of an automaton, or null where there is nothing to find. */
function automaton(words: string[]): State | null {
  const folded = words.map((word) => fold(word).text).filter((word) => word !== "");
  return folded.length === 0 ? null : new Mint(folded).root;
}

/**
 * Goes on from a position to where a word ends, and answers its length; of several that end there
 * the longest, 0 if there are no more.
 *
 * The scan is not mint-filter's own: that one misses a word inside the beginning of a longer one
 * ("bc" in "abce", when "abcd" is a word too), as it never looks along the fail links for words.
 */
function findWord(root: State, text: string, position: { state: State; at: number }): number {
  let { state, at } = position;
  while (at < text.length) {
    const unit = text.charAt(at++);
    let from: State | undefined = state;
    while (from !== undefined && from.children[unit] === undefined) from = from.fail;
    state = from?.children[unit] ?? root;
    for (let found: State | undefined = state; found !== undefined; found = found.fail) {
      if (!found.word) continue;
      position.state = state;
      position.at = at;
      return found.depth;
    }
  }
  return 0;
}

function maskAll(text: string, folded: Folded, mask: State): string {
  const position = { state: mask, at: 0 };
  let masked: Uint8Array | null = null;
  for (;;) {
    const length = findWord(mask, folded.text, position);
    if (length === 0) break;
    masked ??= new Uint8Array(text.length);
    masked.fill(1, startOf(folded, position.at - length), endOf(folded, position.at - 1));
  }
  return masked === null ? text : asterisks(text, masked);
}

function asterisks(text: string, masked: Uint8Array): string {
  let result = "";
  let at = 0;
  for (const character of text) {
    result += masked[at] === 1 ? "*" : character;
    at += character.length;
  }
  return result;
}

/** A text as words are compared. */
interface Folded {
  text: string;
  /** Which part of the original each unit comes from; null: each from the one in its place. */
  origin: { starts: number[]; ends: number[] } | null;
}

const startOf = ({ origin }: Folded, unit: number): number => origin?.starts[unit] ?? unit;
const endOf = ({ origin }: Folded, unit: number): number => origin?.ends[unit] ?? unit + 1;

/** Characters that have no other form but their lower case, and to which no mark can belong. */
const PLAIN = /^[ -~\u4e00-\u9fff]*$/;
/** A character with the marks that belong to it. */
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const BLANK = /^\s/u;

function fold(original: string): Folded {
  // Most texts are plain, and going through every form costs them ten times as much.
  const folded = PLAIN.test(original)
    ? { text: original.toLowerCase(), origin: null }
    : foldClusters(original);
  return withoutIdleBlanks(folded);
}

function foldClusters(original: string): Folded {
  let text = "";
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { 0: cluster, index } of original.matchAll(CLUSTER)) {
    const form = cluster.normalize("NFKC").toLowerCase().replace(INVISIBLE, "");
    const units = BLANK.test(form) ? " " : form;
    text += units;
    for (let i = 0; i < units.length; i++) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return { text, origin: { starts, ends } };
}

/**
 * Blanks that only keep a word from being found: all but one of several, those between characters
 * of scripts that put none between words, and those between letters that stand alone.
 */
const IDLE_BLANK = new RegExp(
  [
    "^ +| +$",
    "(?<=UNSPACED) +(?=UNSPACED)".replaceAll("UNSPACED", "[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}]"),
    "(?<=(?:^| )[^ ]) +(?=[^ ](?: |$))",
    " +(?= )",
  ].join("|"),
  "gu",
);

function withoutIdleBlanks(folded: Folded): Folded {
  if (!folded.text.includes(" ")) return folded;
  let text = "";
  const starts: number[] = [];
  const ends: number[] = [];
  let from = 0;
  for (const { 0: blanks, index } of folded.text.matchAll(IDLE_BLANK)) {
    keep(from, index);
    from = index + blanks.length;
  }
  if (from === 0) return folded;
  keep(from, folded.text.length);
  return { text, origin: { starts, ends } };

  function keep(start: number, end: number): void {
    text += folded.text.slice(start, end);
    for (let unit = start; unit < end; unit++) {
      starts.push(startOf(folded, unit));
      ends.push(endOf(folded, unit));
    }
  }
}
