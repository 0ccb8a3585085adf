import { setTimeout as pause } from "node:timers/promises";
import { connect, type NatsConnection, NatsError } from "nats";
import { forgetAnswered } from "./forget-answered.ts";
import { natsOptions } from "./options.ts";

const PAUSE_MS = 250;

/**
 * Connects for the first time; from then on the connection finds back by itself.
 *
 * @param waitMs how long NATS may take to appear
 * @throws Error with a sentence for people that says why NATS cannot be used
 */
export async function connectNats(url: string, waitMs: number): Promise<NatsConnection> {
  const deadline = performance.now() + waitMs;
  const options = { ...natsOptions(url), waitOnFirstConnect: false };
  for (;;) {
    try {
      const connection = await connect(options);
      forgetAnswered(connection);
      return connection;
    } catch (error) {
      if (isFinal(error) || performance.now() + PAUSE_MS > deadline)
        throw new Error(`NATS of NATS_URL cannot be used (${describeNatsError(error)}).`);
      await pause(PAUSE_MS);
    }
  }
}

/** What a log or a person may be told of an error of the NATS client. */
export function describeNatsError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof NatsError)) return error.message;
  const said = error.api_error?.description ?? error.chainedError?.message;
  return said === undefined ? error.message : `${error.message}: ${said}`;
}

/** Who is refused now would be refused again. */
function isFinal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "AUTHORIZATION_VIOLATION" || `${code}`.includes("CERT") || code === "TLS";
}
