/** What may happen on the stage; everybody reacts in their own language. */
export const momentNames = [
  "clutch",
  "fail",
  "over",
  "joke",
  "song",
  "cat",
  "vote",
  "newcomers",
  "suspense",
] as const;
export type MomentName = (typeof momentNames)[number];

/** Texts of one language by name of the occasion. */
export interface Phrasebook {
  words: Readonly<Record<string, readonly string[]>>;
  chatter: readonly string[];
  gifts: readonly string[];
  supers: readonly string[];
  moments: Readonly<Record<MomentName, readonly string[]>>;
}
