import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { call } from "../contracts/call.ts";
import { type Config, defaultConfig } from "../contracts/config.ts";
import type { EventMap } from "../contracts/events.ts";
import { type ConfigOrigin, supersedes } from "./config-origin.ts";

/** A service with this mixin reads `this.config`, always current, without asking anyone. */
export interface Configured {
  config: Config;
  /** Where the service has one: told of each configuration that was taken over. */
  configChanged?(config: Config): void;
}

interface Members extends Configured {
  configOrigin: ConfigOrigin;
  isNews(told: ConfigOrigin): boolean;
  takeConfig(config: Config, origin: ConfigOrigin): void;
}
type ConfiguredService = Service & Members;

/**
 * A service hears no events before it has started: what changes between its question and then, and
 * what is lost on the way, is found by the revision that config nodes repeat.
 */
const mixin: Partial<ServiceSchema<ServiceSettingSchema, object, object, ConfiguredService>> = {
  dependencies: ["config"],

  events: {
    "config.changed"(ctx: Context<EventMap["config.changed"]>) {
      const { config, revision } = ctx.params;
      this.takeConfig(config, { node: ctx.nodeID, revision });
    },

    async "config.current"(ctx: Context<EventMap["config.current"]>) {
      const { nodeID: node } = ctx;
      if (node === null || !this.isNews({ node, revision: ctx.params.revision })) return;
      try {
        const { config, revision } = await call(this.broker, "config.get", {}, { nodeID: node });
        this.takeConfig(config, { node, revision });
      } catch (error) {
        // It says so again soon.
        this.logger.debug("a config node did not answer", { node, reason: String(error) });
      }
    },

    "$node.disconnected"(ctx: Context<{ node: { id: string } }>) {
      const { node, revision } = this.configOrigin;
      if (node === ctx.params.node.id) this.configOrigin = { node: null, revision };
    },
  },

  methods: {
    /** Also notes who stands for what is known already, where nobody does. */
    isNews(told: ConfigOrigin): boolean {
      const { node, revision } = this.configOrigin;
      if (node === null && told.revision === revision) this.configOrigin = told;
      return supersedes(told, this.configOrigin);
    },

    takeConfig(config: Config, origin: ConfigOrigin): void {
      if (!this.isNews(origin)) return;
      this.config = config;
      this.configOrigin = origin;
      this.configChanged?.(config);
    },
  },

  created() {
    this.config = defaultConfig;
    this.configOrigin = { node: null, revision: 0 };
  },

  async started() {
    const { config, revision } = await call(this.broker, "config.get", {});
    this.config = config;
    this.configOrigin = { node: null, revision };
  },
};

/** Moleculer types mixins without their own `this`. */
export const configMixin = mixin as Partial<ServiceSchema>;
