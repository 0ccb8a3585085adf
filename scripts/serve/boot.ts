import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import moleculer, { type ServiceBroker } from "moleculer";
import { BootError } from "./refusals.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Moleculer's runner, with the steps that its own `start` takes; that one ends in a stack trace. */
interface Steps {
  processFlags(argv: readonly string[]): void;
  loadConfigFile(): Promise<object>;
  mergeOptions(config: object): void;
  startBroker(): Promise<ServiceBroker>;
  config: { created?: (broker: ServiceBroker) => void; skipProcessEventRegistration?: boolean };
  broker: ServiceBroker | null;
}

export interface Boot {
  /** Starts everything; resolves when all services are there. */
  start(): Promise<ServiceBroker>;
  /** What was made so far, also when the start failed. */
  broker(): ServiceBroker | null;
}

/**
 * Prepares a process with services of this project.
 *
 * @param services names of those that run here
 * @param flags flags of Moleculer's runner, e.g. `--repl`
 */
export function prepareBoot(services: readonly string[], flags: readonly string[]): Boot {
  // Not the named export: that is the variant for ESM, which takes no service that is a function.
  const runner = new moleculer.Runner() as unknown as Steps;
  return {
    broker: () => runner.broker,
    async start() {
      runner.processFlags([
        process.execPath,
        "serve",
        "--config",
        join(root, "moleculer.config.ts"),
        ...flags,
        ...services.map(fileOf),
      ]);
      runner.mergeOptions(await runner.loadConfigFile());
      takeOver(runner.config);
      const broker = await runner.startBroker();
      expectServices(broker, services);
      return broker;
    },
  };
}

/** Names of all services of this project, sorted. */
export function serviceNames(): string[] {
  return globSync("services/*/*.service.ts", { cwd: root })
    .map((file) => basename(file, ".service.ts"))
    .sort();
}

function fileOf(service: string): string {
  return join(root, "services", service, `${service}.service.ts`);
}

/** Signals are lifecycle.ts's business, and a failed start is told once, by it. */
function takeOver(config: Steps["config"]): void {
  const { created } = config;
  config.skipProcessEventRegistration = true;
  config.created = (broker) => {
    const { logger } = broker;
    const error = logger.error.bind(logger);
    logger.error = (...args: unknown[]) =>
      args[0] === "Unable to start all services." ? logger.debug(...args) : error(...args);
    created?.(broker);
  };
}

/** Moleculer starts happily with nothing at all, and with what SERVICES and SERVICEDIR name. */
function expectServices(broker: ServiceBroker, wanted: readonly string[]): void {
  if (wanted.length === 0) throw new BootError("No services were found beside scripts/.");
  const present = new Set(broker.services.map(({ name }) => name));
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length > 0)
    throw new BootError(
      `These services did not start: ${missing.join(", ")}; is SERVICES or SERVICEDIR set?`,
    );
  // Moleculer's own begin with $.
  const extra = [...present].filter((name) => !name.startsWith("$") && !wanted.includes(name));
  if (extra.length > 0)
    throw new BootError(
      `These services started without being asked for: ${extra.join(", ")}; is SERVICES or SERVICEDIR set?`,
    );
}
