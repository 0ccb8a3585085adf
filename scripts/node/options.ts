import { parseArgs } from "node:util";
import { BootError } from "../serve/refusals.ts";

/** What a node is asked to run. */
export interface NodeOptions {
  help: boolean;
  /** Sorted, each once. */
  services: string[];
  /** For Moleculer's runner. */
  flags: string[];
}

export function helpFor(known: readonly string[]): string {
  return `npm run node -- SERVICE ... [options]

Starts a node of a cluster with some of the services. Nodes find each other over NATS: all of them
get the same NATS_URL, DATABASE_URL, REDIS_URL and JWT_SECRET, those that have a gateway (api) a PORT
that is free on their machine, and those that take video (media) an RTMP_PORT. In whatever order they
start, each waits for what it depends on.

  services   ${known.join(", ")}
  --repl     with Moleculer's console
  --help     this text

npm run node -- api
npm run node -- push message

Ctrl-C or SIGTERM lets the node go in good order: its viewers come back to another one, what runs is
finished. A second Ctrl-C, half a second later or more, ends it at once.
`;
}

/**
 * @param known names of all services
 * @throws BootError in a sentence for people
 */
export function readOptions(args: readonly string[], known: readonly string[]): NodeOptions {
  const { values, positionals } = parse(args);
  const services = [...new Set(positionals.flatMap((word) => word.split(",")))].filter(Boolean);
  if (values.help === true) return { help: true, services: [], flags: [] };
  const unknown = services.filter((name) => !known.includes(name));
  const all = `the services are ${known.join(", ")}`;
  if (unknown.length > 0)
    throw new BootError(
      `There is no service ${unknown.map((name) => `"${name}"`).join(" and no ")}; ${all}.`,
    );
  if (services.length === 0)
    throw new BootError(`Say which services this node runs, e.g. "npm run node -- api"; ${all}.`);
  return { help: false, services: services.sort(), flags: values.repl ? ["--repl"] : [] };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, repl: { type: "boolean" } },
    });
  } catch (error) {
    throw new BootError(`${(error as Error).message} (npm run node -- --help)`);
  }
}
