import { parseArgs } from "node:util";
import { isId } from "../../lib/ids.ts";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run watch -- [live_id] [options]

Shows a live room in the terminal; without a live_id, the rooms that are live now.

  --url URL      the server (default: http://localhost:8080, or the port in PORT)
  --recent N     begin with the last N messages, 0 to 100 (default: 20)
  --json         one JSON object per line, for other programs ("npm run -s watch" leaves out
                 what npm itself prints)
  --no-color     without colours (as with the variable NO_COLOR)
  --help         this text

Ctrl-C leaves. Exit code 0: you left, or the show ended. 1: the room or the server is not there.
`;

export interface WatchOptions {
  help: boolean;
  /** Null: list the rooms. */
  liveId: number | null;
  url: string;
  recent: number;
  json: boolean;
  color: boolean;
}

/**
 * Understands the command line.
 *
 * @throws Failure in a sentence for people
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): WatchOptions {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new Failure(`one room at a time, please ${SEE_HELP}`);
  const [room] = positionals;
  return {
    help: values.help === true,
    liveId: room === undefined ? null : liveId(room),
    url: serverUrl(values.url ?? `http://localhost:${env.PORT || 8080}`),
    recent: recent(values.recent ?? "20"),
    json: values.json === true,
    color: values["no-color"] !== true && !env.NO_COLOR,
  };
}

const SEE_HELP = "(npm run watch -- --help)";

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        url: { type: "string" },
        recent: { type: "string" },
        json: { type: "boolean" },
        "no-color": { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Failure(`${(error as Error).message} ${SEE_HELP}`);
  }
}

function liveId(text: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!isId(id)) throw new Failure(`a live_id is a number, not "${text}" ${SEE_HELP}`);
  return id;
}

function recent(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= 100)) throw new Failure(`--recent takes a number from 0 to 100, not "${text}"`);
  return count;
}

function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new Failure(`--url takes an address like http://localhost:8080, not "${text}"`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
