import type { IncomingMessage } from "node:http";

/** The body of an ordinary request has to be there within this, in ms. */
const BODY_MS = 60_000;
/** How often the progress of a large body is looked at, in ms. */
const LOOK_MS = 30_000;
/** And how much of it has to have come each time, in bytes: about the speed of a bad mobile line. */
const MIN_PROGRESS = 32 * 1024;

/** Who was refused may go on sending for this long, so that the answer is not lost; in ms. */
const LAST_WORD_MS = 10_000;

interface Patience {
  giveUp: () => void;
  timer: NodeJS.Timeout;
}

/**
 * On the request itself: what stands in a WeakMap and knows its own key, as `giveUp` does, the young
 * collector keeps, and each request with it.
 */
const PATIENCE = Symbol("patience");

type Awaited = IncomingMessage & { [PATIENCE]?: Patience | undefined };

/** Calls `giveUp` when a request's body takes longer than ordinary ones may. */
export function expectBody(req: Awaited, giveUp: () => void): void {
  req[PATIENCE] = { giveUp, timer: setTimeout(giveUp, BODY_MS).unref() };
  const stop = () => {
    clearTimeout(req[PATIENCE]?.timer);
    req[PATIENCE] = undefined;
    // A connection outlives many requests.
    req.socket.off("close", stop);
  };
  req.once("end", stop);
  // A request that was answered before it was complete is not told of its connection's end.
  req.socket.once("close", stop);
}

/** Puts a timer in the place of the one before. */
function wait(req: Awaited, timer: NodeJS.Timeout): void {
  timer.unref();
  const patience = req[PATIENCE];
  if (patience === undefined) return;
  clearTimeout(patience.timer);
  patience.timer = timer;
}

/**
 * Lets a request's body take as long as it needs while `read` reads it, provided that it keeps coming.
 * The server's own bound on a whole request still holds. What is not read then is not waited for either.
 */
export async function allowSlowBody<T>(req: Awaited, read: () => Promise<T>): Promise<T> {
  let seen = req.socket.bytesRead;
  const look = setInterval(() => {
    const slow = req.socket.bytesRead - seen < MIN_PROGRESS;
    seen = req.socket.bytesRead;
    // Where it is we who do not read on, the client is not to blame.
    if (slow && !req.isPaused() && !req.complete) req[PATIENCE]?.giveUp();
  }, LOOK_MS);
  wait(req, look);
  try {
    return await read();
  } finally {
    clearInterval(look);
    if (!req.complete && !req.socket.destroyed)
      wait(
        req,
        setTimeout(() => req.socket.destroy(), LAST_WORD_MS),
      );
  }
}
