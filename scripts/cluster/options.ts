import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";

export const HELP = `npm run cluster -- [options]

A cluster on this machine, with data in a throw-away folder: MariaDB, Redis, NATS and etcd as
"npm run stack" starts them, then two gateways, two nodes with the rooms, two with everything else,
and one address that reaches both gateways in turn. A node that dies is started again after a while.

  --port N         port of that address (default: PORT of the environment, or 8080; 0 = any free one)
  --away SECONDS   how long a node that died stays away, 0 to 3600 (default: 5)
  --keep DIR       data in this folder, which stays
  --help           this text

Video is taken by the node rest-1, at RTMP_PORT of the environment, or 1935 (0 = not at all), or at any
other port when that one is in use.

Ctrl-C stops everything.
`;

const SEE_HELP = "(npm run cluster -- --help)";

export interface ClusterOptions {
  help: boolean;
  port: number;
  /** Where video is taken; 0: nowhere. */
  rtmpPort: number;
  awayMs: number;
  /** Null: a throw-away folder. */
  keep: string | null;
}

/**
 * @param vars the environment
 * @throws Failure in a sentence for people
 */
export function readOptions(
  args: readonly string[],
  vars: Readonly<Record<string, string | undefined>>,
): ClusterOptions {
  const values = parse(args);
  if (values.keep === "") throw new Failure(`--keep takes a folder ${SEE_HELP}`);
  return {
    help: values.help === true,
    port: whole("--port", values.port ?? (vars.PORT || "8080"), 65_535),
    rtmpPort: whole("RTMP_PORT", vars.RTMP_PORT || "1935", 65_535),
    awayMs: whole("--away", values.away ?? "5", 3_600) * 1000,
    keep: values.keep ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean", short: "h" },
      port: { type: "string" },
      away: { type: "string" },
      keep: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} ${SEE_HELP}`);
  }
}

function whole(option: string, text: string, max: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new Failure(`${option} takes a whole number from 0 to ${max}, not "${text}" ${SEE_HELP}`);
}
