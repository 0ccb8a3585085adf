import { setTimeout as pause } from "node:timers/promises";
import { ErrorCode, type JetStreamClient, type MsgHdrs, NatsError } from "nats";
import { describeNatsError } from "./connect.ts";

/** How long one try may take; a message that arrives twice counts once. */
const TRY_MS = 1_000;
const PAUSE_MS = 100;

/** JetStream's numbers for: there is no room for more. */
const FULL: ReadonlySet<unknown> = new Set([10023, 10047, 10077]);
const REFUSED: ReadonlySet<unknown> = new Set([
  ErrorCode.MaxPayloadExceeded,
  ErrorCode.PermissionsViolation,
  ErrorCode.ConnectionClosed,
  ErrorCode.ConnectionDraining,
  ErrorCode.BadSubject,
]);

/** What was published may not be there. */
export class PublishError extends Error {
  /** Whether it certainly is not; otherwise nobody can say. */
  readonly refused: boolean;

  constructor(reason: string, refused: boolean) {
    super(refused ? `refused by JetStream (${reason})` : `no word from JetStream (${reason})`);
    this.name = "PublishError";
    this.refused = refused;
  }
}

export interface Publication {
  /** The same for the same data: for two minutes JetStream keeps only the first of them. */
  msgID: string;
  /** How long to try, in ms. */
  withinMs: number;
  headers?: MsgHdrs;
}

/**
 * Publishes, again and again while NATS is away, until JetStream has kept the data.
 *
 * @throws PublishError when it has not, or has not said so in time
 */
export async function publishSurely(
  client: JetStreamClient,
  subject: string,
  data: Uint8Array,
  { msgID, withinMs, headers }: Publication,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let tries = 1; ; tries++) {
    const left = deadline - performance.now();
    const timeout = Math.max(1, Math.min(TRY_MS, left));
    try {
      await client.publish(subject, data, { msgID, timeout, ...(headers ? { headers } : {}) });
      return;
    } catch (error) {
      const reason = describeNatsError(error);
      // What is refused now may have been kept by a try that nobody heard the answer of.
      if (isRefusal(error)) throw new PublishError(reason, tries === 1);
      if (performance.now() + PAUSE_MS >= deadline) throw new PublishError(reason, false);
      await pause(PAUSE_MS);
    }
  }
}

/** Whether JetStream has answered that it will not have it. One that is busy may have it later. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof NatsError)) return true;
  if (error.api_error === undefined) return REFUSED.has(error.code);
  return error.api_error.code !== 503 || FULL.has(error.api_error.err_code);
}
