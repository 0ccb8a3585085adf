import type { NatsConnection } from "nats";
import { ChurnMap } from "../churn-map.ts";

/** What a connection has inside. */
interface Insides {
  protocol?: { muxSubscriptions?: { reqs?: unknown } };
}

/**
 * Has a connection keep its requests under way where nothing is left of them once they are answered.
 * Where it does not look as expected inside, it stays as it is.
 */
export function forgetAnswered(connection: NatsConnection): void {
  const requests = (connection as unknown as Insides).protocol?.muxSubscriptions;
  if (requests?.reqs instanceof Map && requests.reqs.size === 0) requests.reqs = new ChurnMap();
}
