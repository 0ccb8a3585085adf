import { hostname } from "node:os";
import type { BrokerOptions, ServiceBroker } from "moleculer";
import { NAMESPACE } from "./contracts/channels.ts";
import { type Env, EnvError, readEnv } from "./lib/env.ts";
import { discovererOptions } from "./lib/etcd/discoverer-options.ts";
import { jsonLog } from "./lib/json-log.ts";
import { natsOptions } from "./lib/nats/options.ts";
import { ConsoleLogger } from "./mixins/console-logger.ts";
import "./lib/young-allocation.ts";
import "./mixins/etcd-discoverer.ts";
import { finishRunning } from "./mixins/in-flight.ts";
import { jetStream } from "./mixins/jetstream.ts";
import "./mixins/nats-transporter.ts";
import { forgetAnswered } from "./mixins/pending-requests.ts";
import { pulse } from "./mixins/pulse.ts";
import { bindRuntime, runtimeOf } from "./mixins/runtime.ts";
import { refuseStale } from "./mixins/stale-requests.ts";

/** Moleculer's own chatter about nodes and registries is for debugging. */
function logLevels(env: Env): Record<string, string> {
  const quiet = env.logLevel === "info" ? "warn" : env.logLevel;
  return {
    BROKER: quiet,
    REGISTRY: quiet,
    DISCOVERER: quiet,
    TRANSIT: quiet,
    TRANSPORTER: quiet,
    CACHER: quiet,
    CHANNELS: quiet,
    $NODE: quiet,
    "**": env.logLevel,
  };
}

function logger(env: Env): NonNullable<BrokerOptions["logger"]> {
  const level = logLevels(env) as never;
  if (env.logFormat === "json")
    return { type: "Pino", options: { level, pino: { options: jsonLog } } };
  return new ConsoleLogger({ level, formatter: "short" });
}

/**
 * Another name for every life of a node: leases, packets and ids of the one before must not be taken
 * for ours, and in containers host and process number often repeat.
 */
function nodeName(): string {
  return `${hostname()}-${process.pid}-${Date.now().toString(36)}`;
}

/** How nodes reach each other; nothing when everything runs in one process. */
function transport(env: Env): BrokerOptions {
  if (env.natsUrl === null) return {};
  return { transporter: { type: "NATS", options: natsOptions(env.natsUrl) } as never };
}

/** Broker options for one node. */
export function brokerOptions(env: Env): BrokerOptions {
  return {
    namespace: NAMESPACE,
    nodeID: nodeName(),
    ...transport(env),
    logger: logger(env),
    // Shard strategies need to see all nodes, also when one of them is this one.
    registry: { preferLocal: false, discoverer: discovererOptions(env) },
    requestTimeout: 10_000,
    // Services look this often for those they depend on, in ms; they start one after another.
    dependencyInterval: 50,
    tracking: { enabled: false },
    middlewares: [
      finishRunning(),
      ...(env.natsUrl === null ? [] : [forgetAnswered(), refuseStale()]),
      ...(env.natsUrl !== null && env.discoverer === "local" ? [pulse()] : []),
      {
        name: "Runtime",
        starting: (broker: ServiceBroker) => runtimeOf(broker).open(),
        // Of a node that is ready others should know, and not only up to a second later: the next one
        // that is restarted may be the only other of its kind.
        started: async (broker: ServiceBroker) => {
          if (broker.transit) await broker.registry.discoverer.sendLocalNodeInfo();
        },
        stopping: (broker: ServiceBroker) => runtimeOf(broker).drain(),
        stopped: (broker: ServiceBroker) => runtimeOf(broker).close(),
      },
      ...(env.natsUrl === null ? [] : [jetStream(env.natsUrl)]),
    ],
    created: (broker: ServiceBroker) => {
      bindRuntime(broker, env);
    },
  };
}

/** What moleculer-runner loads: options by this process's environment. */
export default function config(): BrokerOptions {
  try {
    return brokerOptions(readEnv(process.env));
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
