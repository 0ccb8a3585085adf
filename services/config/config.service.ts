import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import type { FieldProblem } from "../../contracts/errors.ts";
import type { EventMap, EventName } from "../../contracts/events.ts";
import { params } from "../../contracts/params.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { CurrentConfig } from "./current-config.ts";
import { openConfigStore } from "./open-config-store.ts";

/** Everyone is reminded this often of the revision in force, in ms: events can be lost. */
const REMIND_MS = 10_000;
/** From a change in the cluster to a reminder, in ms: nodes come by the dozen. */
const REMIND_SOON_MS = 200;

interface Members {
  current: CurrentConfig;
  reminder: NodeJS.Timeout | undefined;
  nextReminder: NodeJS.Timeout | undefined;
  announce(config: Config, revision: number): void;
  complain(problems: FieldProblem[]): void;
  remind(): void;
  remindSoon(): void;
  tell<E extends EventName>(event: E, payload: EventMap[E]): void;
}
type ConfigService = Service & Members;

/**
 * What operators change while the system runs: a key of etcd, or `config.json` in the data folder, or
 * `call config.set` in the REPL. All take effect at once and without a restart.
 */
const schema: ServiceSchema<ServiceSettingSchema, object, object, ConfigService> = {
  name: "config",

  actions: {
    get: {
      visibility: "public",
      params: params["config.get"],
      handler(): Result<"config.get"> {
        return this.current.get();
      },
    },

    set: {
      visibility: "public",
      params: params["config.set"],
      async handler(ctx: Context<Params<"config.set">>): Promise<Result<"config.set">> {
        const { key, value } = ctx.params;
        this.logger.info("configuration is being set", { key });
        return await this.current.set(key, value);
      },
    },
  },

  events: {
    // Who has just come, or come back, asked before and may have missed a change since.
    "$services.changed"() {
      this.remindSoon();
    },
  },

  methods: {
    announce(config: Config, revision: number): void {
      this.logger.info("configuration changed", { revision });
      this.tell("config.changed", { config, revision });
    },

    complain(problems: FieldProblem[]): void {
      const list = problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
      this.logger.error(`The stored configuration is not applied: ${list}.`);
    },

    /** What is merely remembered may be older than what everyone has. */
    remind(): void {
      const { revision } = this.current.get();
      if (this.current.confirmed) this.tell("config.current", { revision });
    },

    remindSoon(): void {
      this.nextReminder ??= setTimeout(() => {
        this.nextReminder = undefined;
        this.remind();
      }, REMIND_SOON_MS).unref();
    },

    tell<E extends EventName>(event: E, payload: EventMap[E]): void {
      broadcast(this.broker, event, payload).catch((error: Error) =>
        this.logger.error(`${event} was not told to everyone`, { reason: error.message }),
      );
    },
  },

  async started() {
    this.current = new CurrentConfig(await openConfigStore(runtimeOf(this.broker).env), {
      changed: (config, revision) => this.announce(config, revision),
      refused: (problems) => this.complain(problems),
      troubled: (sentence) => this.logger.warn(sentence),
      recovered: () => this.logger.info("the configuration can be read again"),
    });
    await this.current.start();
    this.reminder = setInterval(() => this.remind(), REMIND_MS).unref();
  },

  async stopped() {
    clearInterval(this.reminder);
    clearTimeout(this.nextReminder);
    await this.current?.stop();
  },
};

export default schema;
