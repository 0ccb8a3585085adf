import { type ConnectionOptions, tokenAuthenticator, usernamePasswordAuthenticator } from "nats";
import { agreed, decoded, wrong } from "../several-servers.ts";

/** How long one server may take to let us in, in ms. */
const CONNECT_MS = 5_000;
/** Pause before the same server is tried again, in ms. */
const RECONNECT_MS = 250;
/** A connection that is silent is asked for a sign of life so often; two in vain, and it is dead. */
const PING_MS = 5_000;
const PORT = 4222;
const CREDENTIALS = "user name, password or token";

/** Where NATS is, and how to sign in. */
export interface NatsAddress {
  /** `host:port` each. */
  servers: string[];
  tls: boolean;
  credentials: { user: string; password: string } | { token: string } | null;
}

/**
 * Reads a URL such as
 *
 *     nats://user:password@host:4222            tls:// with TLS
 *     nats://token@host1,nats://token@host2
 *
 * Further servers may repeat the scheme and the credentials. Special characters of a user name,
 * password or token are percent-encoded.
 *
 * @throws RangeError with half a sentence that fits behind the variable's name and shows nothing secret
 */
export function parseNatsUrl(text: string): NatsAddress {
  const scheme = /^(nats|tls):\/\//i.exec(text.trim())?.[1]?.toLowerCase();
  if (scheme === undefined) wrong("must begin with nats:// or tls://");
  const parts = text.split(",").map((part) => parsePart(part.trim(), scheme));
  const user = decoded(
    agreed("user or token", parts, (part) => part.username),
    CREDENTIALS,
  );
  const password = decoded(
    agreed("password", parts, (part) => part.password),
    CREDENTIALS,
  );
  if (user === null && password !== null) wrong("has a password, but no user");
  return {
    servers: parts.map(serverOf),
    tls: scheme === "tls",
    credentials: user === null ? null : password === null ? { token: user } : { user, password },
  };
}

/**
 * Options of a connection that finds back to NATS, or to another of its servers, whenever it was
 * lost and for however long, and that waits for NATS when it is not there yet. The first connection
 * is only ever given up by its caller.
 *
 * Credentials are in closures only: these options may become part of a broker's, which can be looked
 * at from elsewhere.
 *
 * @throws RangeError as {@link parseNatsUrl}
 */
export function natsOptions(url: string): ConnectionOptions {
  const { servers, tls, credentials } = parseNatsUrl(url);
  return {
    servers,
    // Left out, TLS would be up to the server.
    ...(tls ? { tls: {} } : {}),
    ...(credentials === null ? {} : { authenticator: authenticator(credentials) }),
    timeout: CONNECT_MS,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    // A server that is restarted with a wrong password file may be restarted with the right one.
    ignoreAuthErrorAbort: true,
    pingInterval: PING_MS,
  };
}

function authenticator(credentials: NonNullable<NatsAddress["credentials"]>) {
  return "token" in credentials
    ? tokenAuthenticator(() => credentials.token)
    : usernamePasswordAuthenticator(
        () => credentials.user,
        () => credentials.password,
      );
}

function parsePart(part: string, scheme: string): URL {
  const given = /^([a-z+]+):\/\//i.exec(part)?.[1]?.toLowerCase() ?? scheme;
  if (given !== scheme) wrong("must have the same scheme for all servers");
  const url = URL.parse(`nats://${part.replace(/^[a-z+]+:\/\//i, "")}`);
  if (url === null || url.hostname === "") wrong("must name its servers as host:port");
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "")
    wrong("has something behind a server's host and port");
  return url;
}

function serverOf({ hostname, port }: URL): string {
  return `${hostname}:${port === "" ? PORT : port}`;
}
