import { parseArgs } from "node:util";
import { Failure } from "../bootstrap/failure.mjs";
import type { StackPlan } from "./plan.ts";

export const HELP = `npm run stack -- [options]

Starts MariaDB, Redis, NATS with JetStream and etcd on free ports of 127.0.0.1, with their data in a
throw-away folder, and prints the environment variables under which molimoli finds them.

  --only LIST        some of them, separated by commas: mariadb, redis, nats, etcd
  --keep DIR         their data in this folder, which stays; the next time with the same folder, data,
                     ports and passwords are the same
  --nats-nodes N     a NATS cluster of 3 (default: 1)
  --redis-cluster    a Redis Cluster of 3 masters
  --etcd-auth        etcd asks for a user and a password; without it, it lets in everybody on this
                     machine
  --help             this text

The variables go to stdout, everything else to stderr. Ctrl-C stops all servers and removes the
folder.
`;

const SERVERS = ["mariadb", "redis", "nats", "etcd"] as const;
type Server = (typeof SERVERS)[number];

export interface StackOptions {
  help: boolean;
  /** Null: a throw-away folder. */
  keep: string | null;
  plan: StackPlan;
}

/** @throws Failure in a sentence for people */
export function readOptions(args: readonly string[]): StackOptions {
  const values = parse(args);
  const chosen = values.only === undefined ? new Set(SERVERS) : servers(values.only);
  const nodes = natsNodes(values["nats-nodes"] ?? "1");
  const cluster = values["redis-cluster"] === true;
  const auth = values["etcd-auth"] === true;
  need(chosen, "nats", values["nats-nodes"] !== undefined, "--nats-nodes");
  need(chosen, "redis", cluster, "--redis-cluster");
  need(chosen, "etcd", auth, "--etcd-auth");
  if (values.keep === "") throw new Failure(`--keep takes a folder ${SEE_HELP}`);
  return {
    help: values.help === true,
    keep: values.keep ?? null,
    plan: {
      mariadb: chosen.has("mariadb"),
      redis: chosen.has("redis") && (cluster ? { cluster } : true),
      nats: chosen.has("nats") && { nodes },
      etcd: chosen.has("etcd") && { auth },
    },
  };
}

const SEE_HELP = "(npm run stack -- --help)";

function parse(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean", short: "h" },
      only: { type: "string" },
      keep: { type: "string" },
      "nats-nodes": { type: "string" },
      "redis-cluster": { type: "boolean" },
      "etcd-auth": { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} ${SEE_HELP}`);
  }
}

function servers(text: string): Set<Server> {
  return new Set(
    text.split(",").map((word) => {
      const found = SERVERS.find((name) => name === word.trim());
      if (found !== undefined) return found;
      throw new Failure(`--only takes some of ${SERVERS.join(",")}, not "${word}" ${SEE_HELP}`);
    }),
  );
}

function natsNodes(text: string): 1 | 3 {
  if (text === "1") return 1;
  if (text === "3") return 3;
  throw new Failure(`--nats-nodes takes 1 or 3, not "${text}" ${SEE_HELP}`);
}

function need(chosen: ReadonlySet<Server>, server: Server, given: boolean, option: string): void {
  if (given && !chosen.has(server))
    throw new Failure(`${option} needs ${server} among the servers of --only ${SEE_HELP}`);
}
