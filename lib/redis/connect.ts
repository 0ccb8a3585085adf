import { Cluster, type Command, Redis, type RedisOptions } from "ioredis";
import { gatherWrites } from "./gather-writes.ts";
import { parseRedisUrl, type RedisAddress } from "./redis-url.ts";

export type RedisClient = Redis | Cluster;

/**
 * How the connection fares. A loss is told once for each reason, not at every attempt to come back;
 * `after_ms` says how long it lasted.
 */
export type RedisNews = { state: "lost"; reason: string } | { state: "back"; after_ms: number };

/** Until a server has accepted a connection, in milliseconds. */
const CONNECT_MS = 3_000;
/** Until a command is answered, all attempts included, in milliseconds. */
const COMMAND_MS = 2_000;
/**
 * A server that owes an answer and is silent for this long is left, in milliseconds: one whose machine
 * vanished does not close its connections.
 */
const SILENCE_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/** How often a command outlives a failed attempt to connect. */
const RETRIES = 1;
/** Different reasons told of one loss. */
const MAX_REASONS = 5;
/** What a good-bye may take, in milliseconds. */
const QUIT_MS = 1_000;

/**
 * Makes a client; it connects when it is first used, and for ever tries to come back when the
 * connection is lost. A command that gets no answer in time is rejected after about two seconds, but
 * may have been carried out or still be; so every command has to be one that can be repeated. Not for
 * commands that block (BLPOP) or subscribe.
 *
 * Commands of one turn of the event loop go to each server in one write.
 *
 * @param options.report what becomes of the connection; without it nobody is told
 * @throws RangeError when the URL is wrong
 */
export function openRedis(
  url: string,
  options: { report?: (news: RedisNews) => void } = {},
): RedisClient {
  const address = parseRedisUrl(url);
  const client = address.kind === "cluster" ? openCluster(address) : openSingle(address);
  follow(client, options.report ?? (() => {}));
  return client;
}

/** Says good-bye, and hangs up after a second at the latest. Never throws. */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.status === "end") return;
  if (client.status === "ready") {
    const overdue = setTimeout(() => client.disconnect(), QUIT_MS);
    await client.quit().catch(() => {});
    clearTimeout(overdue);
  }
  client.disconnect();
}

function openSingle(address: RedisAddress): Redis {
  const { servers, database, sentinel } = address;
  const client = new Redis({
    ...commonOptions(address),
    db: database,
    retryStrategy: retryAfterMs,
    ...(sentinel === null ? servers[0] : sentinelOptions(address, sentinel)),
  });
  gatherWrites(client);
  if (sentinel !== null) neverGiveUp(client);
  return client;
}

/**
 * Word of a failover that arrives while the client looks for the new master makes ioredis end for good
 * (SentinelConnector: "Connection is closed."). Only whoever says good-bye may do that.
 */
function neverGiveUp(client: Redis): void {
  let leaving = false;
  const { disconnect, quit } = client;
  client.disconnect = (reconnect = false) => {
    leaving ||= !reconnect;
    disconnect.call(client, reconnect);
  };
  client.quit = ((...args: Parameters<typeof quit>) => {
    leaving = true;
    return quit.apply(client, args);
  }) as typeof quit;
  client.on("end", () => {
    if (leaving) return;
    setTimeout(() => {
      if (!leaving && client.status === "end") client.connect().catch(() => {});
    }, FIRST_RETRY_MS);
  });
}

function sentinelOptions(
  { servers, tls }: RedisAddress,
  { name, password }: { name: string; password: string | null },
): RedisOptions {
  return {
    name,
    sentinels: servers,
    sentinelRetryStrategy: retryAfterMs,
    sentinelCommandTimeout: COMMAND_MS,
    // Sentinels tell of a failover at once; otherwise only the lost connection does.
    failoverDetector: true,
    sentinelReconnectStrategy: retryAfterMs,
    ...(password === null ? {} : { sentinelPassword: password }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

function openCluster(address: RedisAddress): Cluster {
  const cluster = new TimelyCluster(address.servers, {
    redisOptions: commonOptions(address),
    clusterRetryStrategy: retryAfterMs,
    lazyConnect: true,
    // A name is looked up when it is connected to: certificates are made out to names.
    ...(address.tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
  });
  cluster.on("+node", gatherWrites);
  return cluster;
}

/**
 * ioredis lets commands wait without end while a whole cluster is away, as many as come. Here they are
 * rejected after their time, and all that wait when an attempt to connect has failed.
 */
class TimelyCluster extends Cluster {
  constructor(...args: ConstructorParameters<typeof Cluster>) {
    super(...args);
    this.on("close", () => {
      const queue = this as unknown as { flushQueue(error: Error): void };
      queue.flushQueue(new Error("the Redis Cluster cannot be reached"));
    });
  }

  override sendCommand(...args: Parameters<Cluster["sendCommand"]>): unknown {
    const command: Command = args[0];
    command.setTimeout(COMMAND_MS);
    return super.sendCommand(...args);
  }
}

function commonOptions({ username, password, tls }: RedisAddress): RedisOptions {
  return {
    lazyConnect: true,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENCE_MS,
    maxRetriesPerRequest: RETRIES,
    // The name of a failed server points to its successor; what we are connected to is its replica.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
}

/** Doubles up to a second, minus up to a half at random, so that not all nodes come at once. */
function retryAfterMs(attempt: number): number {
  const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return most * (1 - Math.random() / 2);
}

/** Whatever ioredis reports is an "error" event, which would end the process if nobody listened. */
function follow(client: RedisClient, report: (news: RedisNews) => void): void {
  let lostAt: number | null = null;
  const told = new Set<string>();
  client.on("error", (error: Error) => {
    const reason = reasonOf(error);
    if (told.has(reason) || told.size >= MAX_REASONS) return;
    told.add(reason);
    lostAt ??= performance.now();
    report({ state: "lost", reason });
  });
  client.on("ready", () => {
    if (lostAt === null) return;
    report({ state: "back", after_ms: Math.round(performance.now() - lostAt) });
    lostAt = null;
    told.clear();
  });
}

/** The message alone: ioredis adds the command with its arguments, a password among them. */
function reasonOf(error: Error & { lastNodeError?: Error }): string {
  const message = error.message.replace(/ Retrying from scratch after [\d.]+ms\./, "");
  return error.lastNodeError === undefined || error.lastNodeError === null
    ? message
    : `${message} ${error.lastNodeError.message}`;
}
