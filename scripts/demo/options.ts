import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run demo -- [options]

Starts the server with a live room in it and a crowd of bots who talk, watch and send gifts.

  --bots N    how many bots, 1 to 200 (default: 30)
  --rate N    danmaku per second while nothing special happens, 0.1 to 100 (default: 1.5)
  --help      this text

The address comes from PORT and HOST, as with "npm start". The demo keeps its data in the folder
"demo" of the data folder (DATA_DIR, default ./data), so your own rooms are left alone; remove that
folder to begin anew. Ctrl-C stops everything. The room stays open: the next demo goes on in it, and
who was watching comes back to it.
`;

export interface DemoOptions {
  help: boolean;
  bots: number;
  rate: number;
}

/** @throws Failure in a sentence for people */
export function readOptions(args: readonly string[]): DemoOptions {
  const values = parse(args);
  return {
    help: values.help === true,
    bots: number("bots", values.bots ?? "30", /^\d{1,3}$/, 1, 200),
    rate: number("rate", values.rate ?? "1.5", /^\d{1,3}(\.\d{1,3})?$/, 0.1, 100),
  };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean", short: "h" },
      bots: { type: "string" },
      rate: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} (npm run demo -- --help)`);
  }
}

function number(name: string, text: string, form: RegExp, min: number, max: number): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Failure(`--${name} takes a number from ${min} to ${max}, not "${text}"`);
}
