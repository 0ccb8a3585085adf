import type { IOptions } from "etcd3";
import type { Env } from "../env.ts";
import { parseEtcdUrl } from "./address.ts";
import { etcdOptions } from "./client-options.ts";

/** As Moleculer takes it. */
export type DiscovererOptions =
  | { type: "Local"; options: Record<string, never> }
  | { type: "Etcd3"; options: { etcd: IOptions; disableHeartbeatChecks: boolean } };

/**
 * Moleculer's `registry.discoverer`: nodes tell each other over NATS that they are there, or, with
 * DISCOVERER=etcd, through keys of etcd. Other nodes can look at broker options: there is no password
 * in these.
 */
export function discovererOptions({ discoverer, etcdUrl }: Env): DiscovererOptions {
  if (discoverer === "local" || etcdUrl === null) return { type: "Local", options: {} };
  return {
    type: "Etcd3",
    options: {
      etcd: etcdOptions(parseEtcdUrl(etcdUrl)),
      // Who is gone is told by the lease of its key. A heartbeat that nobody could read, since etcd
      // was away, tells nothing.
      disableHeartbeatChecks: true,
    },
  };
}
