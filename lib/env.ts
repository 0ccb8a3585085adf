import { resolve } from "node:path";
import { checkDatabaseUrl, databaseUrls } from "./database/address.ts";
import { parseEtcdUrl } from "./etcd/address.ts";
import { parseNatsUrl } from "./nats/options.ts";
import { parseS3Url } from "./object-store/s3-url.ts";
import { parseRedisUrl } from "./redis/redis-url.ts";

/**
 * Every setting that comes from the environment, read and checked once at boot. A backing service
 * whose URL is null uses its embedded default.
 */
export interface Env {
  readonly natsUrl: string | null;
  readonly databaseUrl: string | null;
  readonly databaseReadUrl: string | null;
  /** Connections of this node to a database server, at most; its services share them. */
  readonly databasePool: number;
  readonly redisUrl: string | null;
  readonly etcdUrl: string | null;
  /** How nodes find each other: over NATS ("local" is Moleculer's name for that), or through etcd. */
  readonly discoverer: Discoverer;
  readonly s3Url: string | null;
  readonly jaegerUrl: string | null;
  /** Relays of drand whose randomness goes into draws, comma separated; null: draws without. */
  readonly drandUrl: string | null;
  /** Address and port that the gateway listens on; port 0 takes any free one. */
  readonly host: string;
  readonly port: number;
  /** Port that encoders send video to; 0 = off. */
  readonly rtmpPort: number;
  /** Prometheus metrics; 0 = off. */
  readonly metricsPort: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** Null: generated and kept in the data folder (embedded only). */
  readonly jwtSecret: string | null;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Largest video that may be uploaded, in MiB. */
  readonly uploadMaxMb: number;
  /** Seconds over which a stopping gateway lets its viewers go. */
  readonly drainSeconds: number;
  /**
   * How many proxies of ours stand before the gateway, each adding an entry to `X-Forwarded-For`;
   * 0: that header is not believed.
   */
  readonly trustProxy: number;
  /** Private messages go to friends only: people who follow each other. */
  readonly chatFriendsOnly: boolean;
}

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
const logFormats = ["pretty", "json"] as const;
const discoverers = ["local", "etcd"] as const;
const switches = ["on", "off"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = (typeof logFormats)[number];
export type Discoverer = (typeof discoverers)[number];

/** Names every bad variable in one sentence. */
export class EnvError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(
      `The environment has ${problems.length === 1 ? "a wrong value" : "wrong values"}: ${problems.join("; ")}.`,
    );
    this.name = "EnvError";
    this.problems = problems;
  }
}

const URL_SCHEMES: Record<string, readonly string[]> = {
  ETCD_URL: ["http", "https"],
  JAEGER_URL: ["http", "https", "udp"],
  DRAND_URL: ["http", "https"],
};

/**
 * Reads the environment. Throws one {@link EnvError} that names all bad variables; values are shown
 * only where they cannot be secrets.
 */
export function readEnv(vars: Readonly<Record<string, string | undefined>>): Env {
  const problems: string[] = [];
  const given = (name: string): string | null => {
    const value = vars[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };

  const url = (name: string): string | null => {
    const value = given(name);
    if (value === null) return null;
    const schemes = URL_SCHEMES[name] ?? [];
    // Several servers are allowed, comma separated, where the protocol knows clusters.
    for (const part of value.split(",")) {
      const scheme = /^([a-z0-9+]+):\/\/[^\s]+$/i.exec(part.trim())?.[1]?.toLowerCase();
      if (scheme === undefined || !schemes.includes(scheme)) {
        problems.push(
          `${name} must be a URL beginning with ${schemes.map((s) => `${s}://`).join(" or ")}`,
        );
        break;
      }
    }
    return value;
  };

  const whole = (name: string, fallback: number, min: number, max: number): number => {
    const value = given(name);
    if (value === null) return fallback;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value}"`);
    return fallback;
  };

  const choice = <T extends string>(name: string, values: readonly T[], fallback: T): T => {
    const value = given(name)?.toLowerCase();
    if (value === undefined) return fallback;
    if (values.includes(value as T)) return value as T;
    problems.push(`${name} must be one of ${values.join(", ")}, not "${value}"`);
    return fallback;
  };

  const jwtSecret = given("JWT_SECRET");
  if (jwtSecret !== null && jwtSecret.length < 32)
    problems.push("JWT_SECRET must have at least 32 characters");

  const env: Env = {
    natsUrl: given("NATS_URL"),
    databaseUrl: given("DATABASE_URL"),
    databaseReadUrl: given("DATABASE_READ_URL"),
    databasePool: whole("DATABASE_POOL", 16, 2, 1000),
    redisUrl: given("REDIS_URL"),
    etcdUrl: url("ETCD_URL"),
    discoverer: choice("DISCOVERER", discoverers, "local"),
    s3Url: given("S3_URL"),
    jaegerUrl: url("JAEGER_URL"),
    drandUrl: url("DRAND_URL"),
    host: given("HOST") ?? "0.0.0.0",
    port: whole("PORT", 8080, 0, 65_535),
    rtmpPort: whole("RTMP_PORT", 1935, 0, 65_535),
    metricsPort: whole("METRICS_PORT", 3030, 0, 65_535),
    dataDir: resolve(given("DATA_DIR") ?? "./data"),
    jwtSecret,
    logLevel: choice("LOG_LEVEL", logLevels, "info"),
    logFormat: choice("LOG_FORMAT", logFormats, "pretty"),
    uploadMaxMb: whole("UPLOAD_MAX_MB", 200, 1, 100_000),
    drainSeconds: whole("DRAIN_SECONDS", 3, 0, 300),
    trustProxy: whole("TRUST_PROXY", 0, 0, 10),
    chatFriendsOnly: choice("CHAT_FRIENDS_ONLY", switches, "off") === "on",
  };
  if (env.databaseUrl !== null)
    problems.push(...urlProblems("DATABASE_URL", env.databaseUrl, checkDatabaseUrl));
  if (env.databaseReadUrl !== null)
    problems.push(...urlProblems("DATABASE_READ_URL", env.databaseReadUrl, databaseUrls));
  if (env.databaseReadUrl !== null && env.databaseUrl === null)
    problems.push("DATABASE_READ_URL needs DATABASE_URL");
  if (env.discoverer === "etcd" && (env.etcdUrl === null || env.natsUrl === null))
    problems.push("DISCOVERER=etcd needs ETCD_URL and NATS_URL");
  if (env.etcdUrl !== null && !problems.some((problem) => problem.startsWith("ETCD_URL ")))
    problems.push(...urlProblems("ETCD_URL", env.etcdUrl, parseEtcdUrl));
  if (env.natsUrl !== null) problems.push(...urlProblems("NATS_URL", env.natsUrl, parseNatsUrl));
  if (env.redisUrl !== null)
    problems.push(...urlProblems("REDIS_URL", env.redisUrl, parseRedisUrl));
  if (env.s3Url !== null) problems.push(...urlProblems("S3_URL", env.s3Url, parseS3Url));
  if (env.natsUrl !== null)
    for (const [name, value, why] of [
      ["JWT_SECRET", jwtSecret, "so that all nodes accept the same tokens"],
      ["DATABASE_URL", env.databaseUrl, "since a file cannot be shared by nodes"],
      ["REDIS_URL", env.redisUrl, "where nodes agree on who owns a room"],
    ] as const)
      if (value === null) problems.push(`${name} is required with NATS_URL, ${why}`);
  if (problems.length > 0) throw new EnvError(problems);
  return env;
}

/** What a parser that knows the whole URL has against it: half a sentence, nothing secret. */
function urlProblems(name: string, url: string, parse: (url: string) => unknown): string[] {
  try {
    parse(url);
    return [];
  } catch (error) {
    return [`${name} ${(error as Error).message}`];
  }
}
