import type { Context, Middleware, ServiceBroker } from "moleculer";
import { ProductError } from "../contracts/errors.ts";
import { RequestAge } from "../lib/request-age.ts";

/**
 * A request that took this much longer than others to get here is refused, in milliseconds: its caller
 * takes a node for gone that is silent for about as long.
 */
const MAX_AGE_MS = 1_500;
/** What is known of a caller that is gone is kept for so long: more of it may be on its way here. */
const KEPT_MS = 60_000;
/**
 * Refuses requests that lay somewhere for too long: in the buffers of a process that stood still, or of
 * a client of NATS that was cut off. Whoever made them was told long ago that nothing came of it, and
 * may have asked again: doing it now would be doing it twice.
 */
export function refuseStale(maxAgeMs = MAX_AGE_MS): Middleware {
  const ages = new Map<string, RequestAge>();
  let self = "";

  function isOld(caller: string, sentMs: number): boolean {
    let age = ages.get(caller);
    if (age === undefined) {
      age = new RequestAge(maxAgeMs);
      ages.set(caller, age);
    }
    return age.isOld(Date.now() - sentMs, performance.now());
  }

  return {
    name: "RefuseStale",
    created(broker: ServiceBroker) {
      self = broker.nodeID;
      broker.localBus.on("$node.disconnected", ({ node }: { node: { id: string } }) => {
        setTimeout(() => {
          if (!broker.registry.nodes.get(node.id)?.available) ages.delete(node.id);
        }, KEPT_MS).unref();
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
        if (typeof sentMs === "number" && ctx.nodeID && isOld(ctx.nodeID, sentMs))
          return Promise.reject(
            new ProductError("UNAVAILABLE", { retry_after_ms: 1000, undone: true }),
          );
        return next(ctx);
      };
    },
  } as unknown as Middleware;
}
