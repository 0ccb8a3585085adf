import { type BrokerOptions, ServiceBroker, type ServiceSchema } from "moleculer";
import { readEnv } from "../../lib/env.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { tempDir } from "./temp-dir.ts";

// biome-ignore lint/suspicious/noExplicitAny: schemas differ in what `this` is; any of them will do
type AnySchema = ServiceSchema<any, any, any, any>;

export interface NodeSetup {
  services: AnySchema[];
  /** Environment variables; without DATA_DIR the node has a folder of its own. */
  env?: Record<string, string>;
  /** Put over the product's broker options, e.g. a logger that a test reads. */
  options?: BrokerOptions;
}

/** Starts a node as the product would, with these services only; stops it when the test ends. */
export async function startNode(
  t: CleanupScope,
  { services, env = {}, options = {} }: NodeSetup,
): Promise<ServiceBroker> {
  const dataDir = env.DATA_DIR ?? (await tempDir(t));
  const settings = readEnv({
    LOG_LEVEL: "fatal",
    RTMP_PORT: "0",
    METRICS_PORT: "0",
    HOST: "127.0.0.1",
    PORT: "0",
    ...env,
    DATA_DIR: dataDir,
  });
  const broker = new ServiceBroker({
    ...brokerOptions(settings),
    skipProcessEventRegistration: true,
    // Services that depend on one another start as soon as they can, not at the next full second.
    dependencyInterval: 10,
    ...options,
  });
  cleanUp(t, () => broker.stop());
  for (const schema of services) broker.createService(schema);
  await broker.start();
  return broker;
}
