import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run recount -- [options]

Compares every counter (likes, comments, follows, published videos) with the rows it counts, and sets
right what differs. Uses the database that the server would use: DATABASE_URL, or the file in DATA_DIR.
The server may run meanwhile.

  --check    changes nothing
  --help     this text

Exit code 0: all counters are right, or were set right. 1: with --check, some are not; or the database
cannot be used.
`;

export interface RecountOptions {
  help: boolean;
  /** Tells what differs and leaves it as it is. */
  check: boolean;
}

/** @throws Failure in a sentence for people */
export function readOptions(args: readonly string[]): RecountOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { check: { type: "boolean" }, help: { type: "boolean" } },
    });
    return { help: values.help === true, check: values.check === true };
  } catch (error) {
    throw new Failure(`${(error as Error).message.split(". ")[0]} (npm run recount -- --help)`);
  }
}
