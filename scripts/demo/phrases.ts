import { chinese } from "./phrases/chinese.ts";
import { english } from "./phrases/english.ts";
import type { MomentName, Phrasebook } from "./phrases/phrasebook.ts";

/**
 * What people in a live room say, as a small grammar: `{name}` stands for one of the words of that
 * name. With few lines of it there are many thousand texts, so a room
 * can go on for hours without sounding like a loop.
 */

type Random = () => number;

/** What people put after anything, in any language. */
const tails = [
  " 😂",
  "😂😂",
  " ❤️",
  "～",
  "~",
  "…",
  " 👀",
  " 🎉",
  " 🥲",
  " www",
  " 233",
  " :)",
  "!!",
  " 🙏",
];

const books = { zh: chinese, en: english };
export type Language = keyof typeof books;

/** Each pattern of small talk once for every so many texts that it can become, at most six times. */
const weighted: Readonly<Record<Language, readonly string[]>> = {
  zh: weigh(chinese),
  en: weigh(english),
};

function weigh({ chatter, words }: Phrasebook): string[] {
  return chatter.flatMap((pattern) => {
    const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const texts = names.reduce((product, name) => product * (words[name]?.length ?? 1), 1);
    return new Array<string>(Math.min(6, 1 + Math.floor(Math.log2(texts)))).fill(pattern);
  });
}

/** Small talk. A pattern with many meanings is heard more often than one that is always the same. */
export function chatter(language: Language, random: Random): string {
  const { words } = books[language];
  const text = expand(pick(weighted[language], random), words, random);
  return random() < 0.15 ? text + pick(tails, random) : text;
}

/** What somebody shouts when that happens. */
export function reaction(moment: MomentName, language: Language, random: Random): string {
  const { moments, words } = books[language];
  return expand(pick(moments[moment], random), words, random);
}

/** What a super message says. */
export function superText(language: Language, random: Random): string {
  const { supers, words } = books[language];
  return expand(pick(supers, random), words, random);
}

/** The name of a gift. */
export function giftName(language: Language, random: Random): string {
  return pick(books[language].gifts, random);
}

/** Puts words in place of the `{names}` of a pattern. @throws Error on a name that has no words */
export function expand(
  pattern: string,
  words: Readonly<Record<string, readonly string[]>>,
  random: Random,
): string {
  const text = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const choice = words[name];
    if (choice === undefined)
      throw new Error(`"${pattern}" asks for {${name}}, which has no words`);
    return pick(choice, random);
  });
  return text.trim();
}

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
}

/** All patterns with the words they are made of, for a test that expands every one. */
export function allPatterns(): { pattern: string; words: Phrasebook["words"] }[] {
  return Object.values(books).flatMap(({ words, chatter, gifts, supers, moments }) =>
    [...chatter, ...gifts, ...supers, ...Object.values(moments).flat()].map((pattern) => ({
      pattern,
      words,
    })),
  );
}
