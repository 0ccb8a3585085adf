import { agreed, decoded, wrong } from "../several-servers.ts";

/** Where Redis is, and how to sign in. */
export interface RedisAddress {
  kind: "single" | "cluster" | "sentinel";
  tls: boolean;
  /** One for "single"; for "cluster" some of its nodes; for "sentinel" the Sentinels. */
  servers: [RedisServer, ...RedisServer[]];
  username: string | null;
  password: string | null;
  database: number;
  /** What the Sentinels call the group of servers, and their own password. */
  sentinel: { name: string; password: string | null } | null;
}

export interface RedisServer {
  host: string;
  port: number;
}

const KINDS: Readonly<Record<string, Pick<RedisAddress, "kind" | "tls">>> = {
  redis: { kind: "single", tls: false },
  rediss: { kind: "single", tls: true },
  "redis+cluster": { kind: "cluster", tls: false },
  "rediss+cluster": { kind: "cluster", tls: true },
  "redis+sentinel": { kind: "sentinel", tls: false },
  "rediss+sentinel": { kind: "sentinel", tls: true },
};

const PORT = 6379;
const SENTINEL_PORT = 26379;
/** Redis' own word for the only group that Sentinels watch. */
const SENTINEL_NAME = "mymaster";
const OPTIONS: Readonly<Record<RedisAddress["kind"], readonly string[]>> = {
  single: [],
  cluster: [],
  sentinel: ["name", "sentinel_password"],
};

/**
 * Reads a URL such as
 *
 *     redis://user:password@host:6379/2              rediss:// with TLS
 *     redis+cluster://:password@host1:7000,host2:7000
 *     redis+sentinel://:password@host1,host2/0?name=mymaster&sentinel_password=…
 *
 * Further servers may repeat the scheme and the credentials. Special characters of a user name or
 * password are percent-encoded.
 *
 * @throws RangeError with half a sentence that fits behind the variable's name and shows nothing secret
 */
export function parseRedisUrl(text: string): RedisAddress {
  const scheme = /^([a-z+]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? "";
  const kind = KINDS[scheme] ?? wrong(`must begin with ${Object.keys(KINDS).join(":// or ")}://`);
  const parts = text.split(",").map((part) => parsePart(part.trim(), scheme));
  const cluster = kind.kind === "cluster";
  if (kind.kind === "single" && parts.length > 1)
    wrong(`names several servers, which ${scheme}:// cannot have`);

  const database = Number(agreed("database", parts, (part) => part.pathname.slice(1)) ?? 0);
  if (!Number.isInteger(database) || database < 0)
    wrong("must have a whole number as its database");
  if (cluster && database !== 0) wrong("names a database, but a Redis Cluster has only number 0");

  const options = new Map(parts.flatMap((part) => [...part.searchParams]));
  for (const name of options.keys())
    if (!OPTIONS[kind.kind].includes(name))
      wrong(`has an option that ${scheme}:// does not know: ${name}`);
  const port = kind.kind === "sentinel" ? SENTINEL_PORT : PORT;
  return {
    ...kind,
    servers: parts.map((part) => serverOf(part, port)) as RedisAddress["servers"],
    username: decoded(
      agreed("user", parts, (part) => part.username),
      "user name or password",
    ),
    password: decoded(
      agreed("password", parts, (part) => part.password),
      "user name or password",
    ),
    database,
    sentinel:
      kind.kind === "sentinel"
        ? {
            name: options.get("name") ?? SENTINEL_NAME,
            password: options.get("sentinel_password") ?? null,
          }
        : null,
  };
}

function parsePart(part: string, scheme: string): URL {
  const given = /^([a-z+]+):\/\//i.exec(part)?.[1]?.toLowerCase() ?? scheme;
  if (given !== scheme) wrong("must have the same scheme for all servers");
  const rest = part.replace(/^[a-z+]+:\/\//i, "");
  return URL.parse(`redis://${rest}`) ?? wrong("must name its servers as host:port");
}

function serverOf({ hostname, port }: URL, defaultPort: number): RedisServer {
  if (hostname === "") wrong("names a server without a host");
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? defaultPort : Number(port),
  };
}
