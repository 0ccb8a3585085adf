import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run dead-letters -- [list | replay | drop] [NUMBER … | --all]

Messages that could not be kept, and were put aside: danmaku that the database refused, for instance.
They are in JetStream, at NATS_URL; the nodes need not run.

  list              what there is, the oldest first: number, time, channel, reason, and how it begins
  list NUMBER …     the whole of some of them, as JSON
  replay NUMBER …   sends them through their channel once more, after what was wrong has been mended
  drop NUMBER …     forgets them for good
  --all             all of them, instead of numbers
  --help            this text
`;

const COMMANDS = ["list", "replay", "drop"] as const;

export interface DeadLettersOptions {
  help: boolean;
  command: (typeof COMMANDS)[number];
  /** Which ones; "all" may be none. */
  numbers: readonly number[] | "all";
}

/** @throws Failure in a sentence for people */
export function readOptions(args: readonly string[]): DeadLettersOptions {
  const { values, positionals } = parse(args);
  const [word = "list", ...rest] = positionals;
  const command = COMMANDS.find((name) => name === word);
  if (command === undefined) throw new Failure(`there is no command "${word}" ${SEE_HELP}`);
  const all = values.all === true;
  const numbers = rest.map(numberOf);
  if (all && numbers.length > 0) throw new Failure(`--all needs no numbers ${SEE_HELP}`);
  if (!all && numbers.length === 0 && command !== "list")
    throw new Failure(`${command} needs numbers, or --all ${SEE_HELP}`);
  return {
    help: values.help === true,
    command,
    numbers: numbers.length === 0 ? "all" : numbers,
  };
}

const SEE_HELP = "(npm run dead-letters -- --help)";

function parse(args: readonly string[]) {
  try {
    const options = { help: { type: "boolean", short: "h" }, all: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new Failure(`${(error as Error).message} ${SEE_HELP}`);
  }
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Failure(`"${text}" is no number ${SEE_HELP}`);
  return Number(text);
}
