import type { Context, Middleware, ServiceBroker } from "moleculer";
import { ProductError } from "../contracts/errors.ts";

/**
 * A request that took this much longer than others to get here is refused, in milliseconds: its caller
 * takes a node for gone that is silent for about as long.
 */
const MAX_AGE_MS = 1_500;
/** For how long the quickest request of a caller counts, at least, in milliseconds. */
const MEMORY_MS = 60_000;

/** How much longer than the quickest ones requests of one caller are under way. */
class Delays {
  private best = Number.POSITIVE_INFINITY;
  private before = Number.POSITIVE_INFINITY;
  private sinceMs = 0;

  /** @param delayMs by two clocks, which may differ by any constant */
  ageOf(delayMs: number, nowMs: number): number {
    // Forgotten now and then, so that a clock that was set counts from then on.
    if (nowMs - this.sinceMs > MEMORY_MS) {
      this.before = this.best;
      this.best = Number.POSITIVE_INFINITY;
      this.sinceMs = nowMs;
    }
    this.best = Math.min(this.best, delayMs);
    return delayMs - Math.min(this.best, this.before);
  }
}

/**
 * Refuses requests that lay somewhere for too long: in the buffers of a process that stood still, or of
 * a client of NATS that was cut off. Whoever made them was told long ago that nothing came of it, and
 * may have asked again: doing it now would be doing it twice.
 */
export function refuseStale(maxAgeMs = MAX_AGE_MS): Middleware {
  const delays = new Map<string, Delays>();
  let self = "";

  function ageOf(caller: string, sentMs: number): number {
    let known = delays.get(caller);
    if (known === undefined) {
      known = new Delays();
      delays.set(caller, known);
    }
    return known.ageOf(Date.now() - sentMs, performance.now());
  }

  return {
    name: "RefuseStale",
    created(broker: ServiceBroker) {
      self = broker.nodeID;
      broker.localBus.on("$node.disconnected", ({ node }: { node: { id: string } }) => {
        // Its requests may still be on their way here: what is known of it must outlive a pause.
        setTimeout(() => {
          if (!broker.registry.nodes.get(node.id)?.available) delays.delete(node.id);
        }, MEMORY_MS).unref();
      });
    },
    remoteAction(next: (ctx: Context) => Promise<unknown>) {
      return (ctx: Context) => {
        ctx.headers = { ...ctx.headers, sent_ms: Date.now() };
        return next(ctx);
      };
    },
    localAction(next: (ctx: Context) => Promise<unknown>) {
      return (ctx: Context) => {
        const sentMs = ctx.nodeID === self ? undefined : ctx.headers?.sent_ms;
        if (typeof sentMs === "number" && ctx.nodeID && ageOf(ctx.nodeID, sentMs) > maxAgeMs)
          return Promise.reject(
            new ProductError("UNAVAILABLE", { retry_after_ms: 1000, undone: true }),
          );
        return next(ctx);
      };
    },
  } as unknown as Middleware;
}
