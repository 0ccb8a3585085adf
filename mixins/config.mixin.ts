import type { Context, ServiceSchema } from "moleculer";
import { call } from "../contracts/call.ts";
import { type Config, defaultConfig } from "../contracts/config.ts";
import type { EventMap } from "../contracts/events.ts";

/** A service with this mixin reads `this.config`, always current, without asking anyone. */
export interface Configured {
  config: Config;
}

export const configMixin: Partial<ServiceSchema> = {
  dependencies: ["config"],

  events: {
    "config.changed"(this: Configured, ctx: Context<EventMap["config.changed"]>) {
      this.config = ctx.params.config;
    },
  },

  created(this: Configured) {
    this.config = defaultConfig;
  },

  async started() {
    const { config } = await call(this.broker, "config.get", {});
    this.config = config;
  },
};
