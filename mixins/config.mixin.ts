import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { call } from "../contracts/call.ts";
import { type Config, defaultConfig } from "../contracts/config.ts";
import type { EventMap } from "../contracts/events.ts";

/** A service with this mixin reads `this.config`, always current, without asking anyone. */
export interface Configured {
  config: Config;
}

type ConfiguredService = Service & Configured;

const mixin: Partial<ServiceSchema<ServiceSettingSchema, object, object, ConfiguredService>> = {
  dependencies: ["config"],

  events: {
    "config.changed"(ctx: Context<EventMap["config.changed"]>) {
      this.config = ctx.params.config;
    },
  },

  created() {
    this.config = defaultConfig;
  },

  async started() {
    const { config } = await call(this.broker, "config.get", {});
    this.config = config;
  },
};

/** Moleculer types mixins without their own `this`. */
export const configMixin = mixin as Partial<ServiceSchema>;
