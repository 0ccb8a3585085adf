import type { Context, Middleware, ServiceBroker } from "moleculer";

/** A stop waits this long for what is running, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Lets a node that stops finish the actions that run on it. It has left the registry by then, so that
 * no more calls come, and its services and their connections are still there.
 */
export function finishRunning(patienceMs = PATIENCE_MS): Middleware {
  let running = 0;
  let idle: (() => void) | null = null;

  const ended = () => {
    running--;
    if (running === 0) idle?.();
  };
  return {
    name: "FinishRunning",
    localAction(next: (ctx: Context) => Promise<unknown>) {
      return (ctx: Context) => {
        running++;
        const result = next(ctx);
        result.then(ended, ended);
        return result;
      };
    },
    stopping(broker: ServiceBroker): Promise<void> {
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const overdue = setTimeout(() => {
          broker.logger.warn("stops although actions are running", { running });
          resolve();
        }, patienceMs);
        idle = () => {
          clearTimeout(overdue);
          resolve();
        };
      });
    },
  } as unknown as Middleware;
}
