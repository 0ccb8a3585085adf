import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import type { FieldProblem } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { CurrentConfig } from "./current-config.ts";
import { openConfigStore } from "./open-config-store.ts";

interface Members {
  current: CurrentConfig;
  announce(config: Config): void;
  complain(problems: FieldProblem[]): void;
}
type ConfigService = Service & Members;

/**
 * What operators change while the system runs: `config.json` in the data folder, or
 * `call config.set` in the REPL. Both take effect at once and without a restart.
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

  methods: {
    announce(config: Config): void {
      this.logger.info("configuration changed", { revision: this.current.get().revision });
      broadcast(this.broker, "config.changed", { config }).catch((error: Error) =>
        this.logger.error("config.changed was not told to everyone", { reason: error.message }),
      );
    },

    complain(problems: FieldProblem[]): void {
      const list = problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
      this.logger.error(`The stored configuration is not applied: ${list}.`);
    },
  },

  async started() {
    this.current = new CurrentConfig(await openConfigStore(runtimeOf(this.broker).env), {
      changed: (config) => this.announce(config),
      refused: (problems) => this.complain(problems),
    });
    await this.current.start();
  },

  async stopped() {
    await this.current?.stop();
  },
};

export default schema;
