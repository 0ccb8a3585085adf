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
 * Prepares a process with all services of this project.
 *
 * @param flags flags of Moleculer's runner, e.g. `--repl`
 */
export function prepareBoot(flags: readonly string[]): Boot {
  // Not the named export: that is the variant for ESM, which takes no service that is a function.
  const runner = new moleculer.Runner() as unknown as Steps;
  return {
    broker: () => runner.broker,
    async start() {
      const files = serviceFiles();
      runner.processFlags([
        process.execPath,
        "serve",
        "--config",
        join(root, "moleculer.config.ts"),
        ...flags,
        ...files,
      ]);
      runner.mergeOptions(await runner.loadConfigFile());
      takeOver(runner.config);
      const broker = await runner.startBroker();
      expectServices(broker, files);
      return broker;
    },
  };
}

function serviceFiles(): string[] {
  return globSync("services/*/*.service.ts", { cwd: root })
    .sort()
    .map((file) => join(root, file));
}

/** Signals are serve.ts's business, and a failed start is told once, by it. */
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

/** Moleculer starts happily with nothing at all. */
function expectServices(broker: ServiceBroker, files: readonly string[]): void {
  const present = new Set(broker.services.map(({ name }) => name));
  const missing = files.map((file) => basename(file, ".service.ts")).filter((n) => !present.has(n));
  if (files.length === 0) throw new BootError("No services were found beside scripts/.");
  if (missing.length > 0)
    throw new BootError(
      `These services did not start: ${missing.join(", ")}; is SERVICES or SERVICEDIR set?`,
    );
}
