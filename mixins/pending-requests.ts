import type { Middleware, ServiceBroker } from "moleculer";
import { ChurnMap } from "../lib/churn-map.ts";

/** Has the requests that other nodes are to answer kept where nothing is left of them once they are. */
export function forgetAnswered(): Middleware {
  return {
    name: "ForgetAnswered",
    created({ transit }: ServiceBroker) {
      if (transit) Object.assign(transit, { pendingRequests: new ChurnMap<string, unknown>() });
    },
  };
}
