/** Some lines to type, and what a README says that comes out of them. */
export interface Step {
  commands: string;
  /** Null where nothing is shown. */
  output: string | null;
}

interface Block {
  language: string;
  text: string;
}

/** The steps of the section with that heading: blocks of `sh`, each with the block that follows it. */
export function stepsOf(markdown: string, heading: string): Step[] {
  const steps: Step[] = [];
  for (const { language, text } of blocksOf(sectionOf(markdown, heading))) {
    const last = steps.at(-1);
    if (language === "sh") steps.push({ commands: text, output: null });
    else if (last !== undefined && last.output === null) last.output = text;
    else throw new Error(`a block of ${language} belongs to no command:\n${text}`);
  }
  return steps;
}

/** All fenced blocks, in their order. */
export function blocksOf(markdown: string): Block[] {
  const fences = /^```(\w*)\n(.*?)^```$/gms;
  return [...markdown.matchAll(fences)].map(([, language = "", text = ""]) => ({ language, text }));
}

/** What stands under a heading of the second level. */
export function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start === -1) throw new Error(`there is no section "${heading}"`);
  const end = markdown.indexOf("\n## ", start + 1);
  return markdown.slice(start, end === -1 ? undefined : end);
}

/** Strings that differ from one run to the next, by the names of their fields. */
const VARYING = new Set(["token", "refresh_token", "key"]);

/**
 * A text with all that differs from one run to the next taken out, so that two runs can be compared:
 * numbers that are ids or times, tokens, addresses and folders.
 */
export function shapeOf(text: string): string {
  return (
    text
      .trim()
      .split("\n")
      // Where there is no terminal this stands for the line at its bottom.
      .filter((line) => !/^ *— \d+ watching —$/.test(line))
      .map((line) => shapeOfLine(line.trimEnd()))
      .join("\n")
  );
}

function shapeOfLine(line: string): string {
  const json = /^(data: )?(\{.*\})$/.exec(line);
  if (json !== null) return `${json[1] ?? ""}${shapeOfJson(json[2] ?? "")}`;
  return line
    .replace(/(http|rtmp):\/\/localhost:\d+/, "<$1>")
    .replace(/^( *Data +).*/, "$1<folder>")
    .replace(/\b\d+(:\d\d)+\b/g, "<time>")
    .replace(/^ +<time>/, "<time>")
    .replace(/\b\d+ watching/, "<n> watching")
    .replace(/\b\d{4,}\b/g, "<id>");
}

function shapeOfJson(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value) => {
    if (typeof value === "number") return key === "status_code" || key === "type" ? value : "<n>";
    return VARYING.has(key) ? "<secret>" : value;
  });
}
