import { type Config, configBounds, defaultConfig } from "../../contracts/config.ts";
import type { FieldProblem } from "../../contracts/errors.ts";

/** What is stored: any part of the configuration; what is absent has its default. */
export type ConfigDocument = { [S in keyof Config]?: Partial<Config[S]> };

/** A stored text, understood or not. */
export type ConfigReading =
  | { document: ConfigDocument; config: Config; problems?: never }
  | { problems: FieldProblem[] };

/** Most entries in one list of words. */
export const MAX_WORDS = 10_000;
/** Longest word, in characters (code points). */
export const MAX_WORD_LENGTH = 100;
/** The configuration as JSON, in bytes of UTF-8: it travels to other nodes in one NATS message. */
export const MAX_CONFIG_BYTES = 512 * 1024;
/** Enough to mend a file by; a wrong list has thousands. */
const MAX_PROBLEMS = 20;

const BOM = "\ufeff";

/** Understands a stored text; null, nothing or `{}` is the default configuration. */
export function readConfig(text: string | null): ConfigReading {
  const json = (text ?? "").replace(BOM, "");
  if (json.trim() === "") return checkConfig({});
  try {
    return checkConfig(JSON.parse(json));
  } catch (error) {
    return { problems: [{ field: "config", problem: `is not JSON: ${(error as Error).message}` }] };
  }
}

/** Checks a document strictly and merges it over the defaults. Names every bad key, up to 20. */
export function checkConfig(document: unknown): ConfigReading {
  const problems: FieldProblem[] = [];
  if (!isPlainObject(document))
    return { problems: [{ field: "config", problem: "must be an object" }] };

  for (const [section, values] of Object.entries(document)) {
    if (!isSection(section)) problems.push({ field: section, problem: "is not a known section" });
    else if (!isPlainObject(values))
      problems.push({ field: section, problem: "must be an object" });
    else
      for (const [key, value] of Object.entries(values))
        problems.push(...problemsOf(section, key, value));
  }
  if (problems.length > 0) return { problems: firstOf(problems) };

  const config = merge(document as ConfigDocument);
  if (Buffer.byteLength(JSON.stringify(config)) > MAX_CONFIG_BYTES)
    return {
      problems: [{ field: "words", problem: `are more than ${MAX_CONFIG_BYTES} bytes together` }],
    };
  return { document: document as ConfigDocument, config };
}

/** The document with one value changed, e.g. `limiter.room_rate`. Not checked yet. */
export function withValue(document: ConfigDocument, path: string, value: unknown): unknown {
  const dot = path.indexOf(".");
  if (dot < 0) return { ...document, [path]: value };
  const section = path.slice(0, dot);
  const values = isSection(section) ? document[section] : undefined;
  return { ...document, [section]: { ...values, [path.slice(dot + 1)]: value } };
}

/** The text that is stored for a document, for people to read and change. */
export function writeConfig(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function merge(document: ConfigDocument): Config {
  const sections = Object.entries(defaultConfig).map(([section, defaults]) => [
    section,
    { ...defaults, ...document[section as keyof Config] },
  ]);
  return Object.fromEntries(sections) as Config;
}

function problemsOf(section: keyof Config, key: string, value: unknown): FieldProblem[] {
  const field = `${section}.${key}`;
  const defaults: Record<string, unknown> = { ...defaultConfig[section] };
  if (!Object.hasOwn(defaults, key)) return [{ field, problem: "is not a known key" }];
  const expected = defaults[key];
  if (Array.isArray(expected)) return wordProblems(field, value);
  if (typeof expected === "number") return numberProblems(field, value, boundsOf(section, key));
  return typeof value === typeof expected
    ? []
    : [{ field, problem: `must be a ${typeof expected}` }];
}

function numberProblems(field: string, value: unknown, [min, max]: Bounds): FieldProblem[] {
  const fits = typeof value === "number" && value >= min && value <= max;
  return fits ? [] : [{ field, problem: `must be a number from ${min} to ${max}` }];
}

function wordProblems(field: string, words: unknown): FieldProblem[] {
  if (!Array.isArray(words)) return [{ field, problem: "must be a list of words" }];
  if (words.length > MAX_WORDS) return [{ field, problem: `has more than ${MAX_WORDS} words` }];
  return words.flatMap((word: unknown, index) => {
    const problem = wordProblem(word);
    return problem === null ? [] : [{ field: `${field}[${index}]`, problem }];
  });
}

function wordProblem(word: unknown): string | null {
  if (typeof word !== "string") return "must be a string";
  if (word.trim() === "") return "is blank";
  if (!word.isWellFormed()) return "is not well-formed Unicode";
  // A string has at least as many units as characters: most need no counting.
  if (word.length > MAX_WORD_LENGTH && [...word].length > MAX_WORD_LENGTH)
    return `has more than ${MAX_WORD_LENGTH} characters`;
  return null;
}

type Bounds = readonly [min: number, max: number];

function boundsOf(section: keyof Config, key: string): Bounds {
  const bounds = configBounds[section] as Record<string, Bounds> | undefined;
  return bounds?.[key] ?? [0, Number.MAX_SAFE_INTEGER];
}

function firstOf(problems: FieldProblem[]): FieldProblem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const more = problems.length - MAX_PROBLEMS;
  return [
    ...problems.slice(0, MAX_PROBLEMS),
    { field: "config", problem: `has ${more} more problems` },
  ];
}

function isSection(name: string): name is keyof Config {
  return Object.hasOwn(defaultConfig, name);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
