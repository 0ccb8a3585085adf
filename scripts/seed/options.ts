import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run seed -- [options]

Fills a running server with demo data, through its public API: people who follow each other, short
videos made by ffmpeg, likes, comments and private chats. What is there already is left as it is, so
running it again changes nothing.

  --url URL     the server (default: http://localhost:8080, or the port in PORT)
  --users N     people, 2 to 100 (default: 12)
  --videos N    videos, 0 to 500 (default: 24)
  --help        this text

Everyone signs in with the same password, which is printed at the end. With other numbers than the last
time, what is new comes on top; nothing is ever taken away.
`;

export interface SeedOptions {
  help: boolean;
  url: string;
  users: number;
  videos: number;
}

/**
 * Understands the command line.
 *
 * @throws Failure in a sentence for people
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): SeedOptions {
  const values = parse(args);
  return {
    help: values.help === true,
    url: serverUrl(values.url ?? `http://localhost:${env.PORT || 8080}`),
    users: number("users", values.users ?? "12", 2, 100),
    videos: number("videos", values.videos ?? "24", 0, 500),
  };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean", short: "h" },
      url: { type: "string" },
      users: { type: "string" },
      videos: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} (npm run seed -- --help)`);
  }
}

function number(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Failure(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`);
}

function serverUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure(`--url takes an address such as http://localhost:8080, not "${text}"`);
  return url.origin;
}
