import type { IncomingMessage } from "node:http";

/** The body of an ordinary request has to be there within this, in ms. */
const BODY_MS = 60_000;
/** How often the progress of a large body is looked at, in ms. */
const LOOK_MS = 30_000;
/** And how much of it has to have come each time, in bytes: about the speed of a bad mobile line. */
const MIN_PROGRESS = 32 * 1024;

const giveUps = new WeakMap<IncomingMessage, () => void>();
const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Calls `giveUp` when a request's body takes longer than ordinary ones may. */
export function expectBody(req: IncomingMessage, giveUp: () => void): void {
  giveUps.set(req, giveUp);
  timers.set(req, setTimeout(giveUp, BODY_MS));
  const stop = () => clearInterval(timers.get(req));
  req.once("end", stop).once("close", stop);
}

/**
 * Lets a request's body take as long as it needs while `read` reads it, provided that it keeps coming.
 * The server's own bound on a whole request still holds.
 */
export async function allowSlowBody<T>(req: IncomingMessage, read: () => Promise<T>): Promise<T> {
  let seen = req.socket.bytesRead;
  clearTimeout(timers.get(req));
  const timer = setInterval(() => {
    const slow = req.socket.bytesRead - seen < MIN_PROGRESS;
    seen = req.socket.bytesRead;
    // Where it is we who do not read on, the client is not to blame.
    if (slow && !req.isPaused() && !req.complete) giveUps.get(req)?.();
  }, LOOK_MS);
  timers.set(req, timer);
  try {
    return await read();
  } finally {
    clearInterval(timer);
  }
}
