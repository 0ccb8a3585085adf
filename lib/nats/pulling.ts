import type { JetStreamPullSubscription } from "nats";

/** How much is asked for at once, how often at least, and for how long each time (ms). */
const BATCH = 64;
const EVERY_MS = 500;
const EXPIRES_MS = 1_500;

/** A subscription that is asked for more, again and again. */
export interface Pulling {
  /** One of what was asked for has come. */
  arrived(): void;
  stop(): void;
}

/**
 * Asks a consumer for messages as long as this process lives. A node that stands still soon asks for
 * nothing, and is given nothing: its share goes to the others after ACK_WAIT_MS, once. (What is pushed
 * to the members of a group goes on being pushed to such a one, again and again.) And since every
 * request is forgotten within moments, it does not matter what became of the one before: of NATS, of
 * the stream, of the consumer.
 */
export function keepPulling(subscription: JetStreamPullSubscription): Pulling {
  let left = 0;
  let stopped = false;
  const pull = () => {
    if (stopped || subscription.isClosed()) return;
    left = BATCH;
    subscription.pull({ batch: BATCH, expires: EXPIRES_MS });
  };
  const timer = setInterval(pull, EVERY_MS);
  pull();
  return {
    arrived() {
      if (--left <= BATCH / 2) pull();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
