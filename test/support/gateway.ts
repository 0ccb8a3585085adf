import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { type Context, Loggers, ServiceBroker, type ServiceSchema } from "moleculer";
import type { ActionName } from "../../contracts/actions.ts";
import { params } from "../../contracts/params.ts";
import { readEnv } from "../../lib/env.ts";
import { signAccessToken } from "../../lib/token.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import api from "../../services/api/api.service.ts";
import config from "../../services/config/config.service.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { tempDir } from "./temp-dir.ts";

type Handler = (ctx: Context<Record<string, unknown>, Record<string, unknown>>) => unknown;

/** What the services behind the gateway do; actions left out answer nothing. */
export type Behind = { [A in ActionName]?: Handler };

export interface StartedGateway {
  broker: ServiceBroker;
  port: number;
  url: string;
  /** What was logged, at every level: `level message details`. */
  log: string[];
  /** An access token of some user's session. */
  token(userId?: number, sessionId?: number, ttlSeconds?: number): Promise<string>;
}

/**
 * Starts the real gateway over a broker with stand-ins for the services behind it, for tests of what
 * the gateway does itself. The stand-ins have the real validators.
 */
export async function startGateway(
  t: CleanupScope,
  behind: Behind = {},
  env: Record<string, string> = {},
): Promise<StartedGateway> {
  const settings = readEnv({
    RTMP_PORT: "0",
    METRICS_PORT: "0",
    HOST: "127.0.0.1",
    PORT: "0",
    DRAIN_SECONDS: "0",
    DATA_DIR: await tempDir(t),
    ...env,
  });
  const log: string[] = [];
  const broker = new ServiceBroker({
    ...brokerOptions(settings),
    logger: new LogKeeper(log),
    dependencyInterval: 10,
    skipProcessEventRegistration: true,
  });
  cleanUp(t, () => broker.stop());
  broker.createService(config);
  for (const service of standIns(behind)) broker.createService(service);
  const gateway = broker.createService(api(broker) as ServiceSchema);
  await broker.start();
  const { port } = gateway.server.address() as AddressInfo;
  return {
    broker,
    port,
    url: `http://127.0.0.1:${port}`,
    log,
    token: (userId = 7, sessionId = 1, ttlSeconds = 60) => {
      const caller = { user_id: userId, username: `user${userId}`, session_id: sessionId };
      return signAccessToken(runtimeOf(broker).signingKey, caller, Date.now(), ttlSeconds);
    },
  };
}

class LogKeeper extends Loggers.Base<object> {
  readonly lines: string[];

  constructor(lines: string[]) {
    super({ level: "trace" });
    this.lines = lines;
  }

  override getLogHandler(): (level: string, args: unknown[]) => void {
    return (level, args) => {
      this.lines.push(
        `${level} ${args.map((arg) => (typeof arg === "string" ? arg : inspect(arg, { depth: 3 }))).join(" ")}`,
      );
    };
  }
}

function standIns(behind: Behind): ServiceSchema[] {
  const handlers: Behind = { "user.revoked": () => ({ sessions: [] }), ...behind };
  const services = new Map<string, ServiceSchema>();
  for (const name of Object.keys(params) as ActionName[]) {
    const [service = "", action = ""] = name.split(".");
    if (service === "config" || service === "api") continue;
    const schema = services.get(service) ?? { name: service, actions: {} };
    services.set(service, schema);
    Object.assign(schema.actions ?? {}, {
      [action]: { params: params[name], handler: handlers[name] ?? (() => ({})) },
    });
  }
  return [...services.values()];
}
