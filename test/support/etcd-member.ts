import type { BrokerOptions } from "moleculer";
import { readEnv } from "../../lib/env.ts";
import { brokerOptions } from "../../moleculer.config.ts";

export interface EtcdMember {
  etcdUrl: string;
  natsUrl: string;
  nodeID: string;
  dataDir: string;
}

/** Seconds. Short, so that leases are lost while a test looks on. */
const HEARTBEAT = { heartbeatInterval: 1, heartbeatTimeout: 3 };

/**
 * A node that others find through etcd, as with DISCOVERER=etcd, and that needs nothing else which
 * nodes of a cluster share.
 */
export function etcdMember({ etcdUrl, natsUrl, nodeID, dataDir }: EtcdMember): BrokerOptions {
  const env = readEnv({ ETCD_URL: etcdUrl, DATA_DIR: dataDir, LOG_LEVEL: "fatal" });
  return {
    ...brokerOptions({ ...env, discoverer: "etcd" }),
    ...HEARTBEAT,
    nodeID,
    transporter: { type: "NATS", options: { url: natsUrl } as never },
    skipProcessEventRegistration: true,
  };
}
