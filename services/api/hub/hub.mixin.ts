import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  Context,
  Service,
  ServiceBroker,
  ServiceSchema,
  ServiceSettingSchema,
} from "moleculer";
import type { Params } from "../../../contracts/actions.ts";
import { type CallMeta, call } from "../../../contracts/call.ts";
import type { Config } from "../../../contracts/config.ts";
import { fail } from "../../../contracts/errors.ts";
import { type EventMap, hubGroup } from "../../../contracts/events.ts";
import { params } from "../../../contracts/params.ts";
import type { Configured } from "../../../mixins/config.mixin.ts";
import { Hub, type HubStats } from "./hub.ts";

type WatchParams = Params<"api.watch"> & {
  $req: IncomingMessage & { $taken?: boolean };
  $res: ServerResponse;
};

type HubService = Service & Configured & { hub: Hub };

/**
 * The SSE hub of one gateway: an action that turns a request into a stream, and the events that feed
 * it. The events of batches have a group of their own on each node, so that a room's actor reaches
 * exactly the gateways that have its viewers.
 */
export function hubMixin(broker: ServiceBroker): Partial<ServiceSchema> {
  const mixin: Partial<ServiceSchema<ServiceSettingSchema, object, object, HubService>> = {
    dependencies: ["push"],

    actions: {
      /** GET /message/live: afterwards the connection belongs to the hub. */
      watch: {
        visibility: "published",
        // The request and the response are no data: they are kept out of the validated params.
        params: { ...params["api.watch"], $req: "any", $res: "any" },
        async handler(ctx: Context<WatchParams, CallMeta>): Promise<null> {
          const { live_id, last_event_id, recent, $req, $res } = ctx.params;
          const user = ctx.meta.user ?? null;
          if (user === null && !this.config.features.guests) fail("NEED_LOGIN");
          const request = { liveId: live_id, userId: user?.user_id ?? 0 };
          await this.hub.watch(
            {
              ...request,
              ...(last_event_id === undefined ? {} : { lastEventId: last_event_id }),
              ...(recent === undefined ? {} : { recent }),
            },
            $req,
            $res,
          );
          $req.$taken = true;
          return null;
        },
      },

      /** For operators: what this gateway's streams do. */
      hub: {
        visibility: "public",
        handler(): HubStats {
          return this.hub.stats;
        },
      },
    },

    events: {
      "push.batch": {
        group: hubGroup(broker.nodeID),
        handler(ctx: Context<EventMap["push.batch"]>) {
          this.hub.deliver(ctx.params);
        },
      },
      "push.audience"(ctx: Context<EventMap["push.audience"]>) {
        this.hub.audience(ctx.params.live_id, ctx.params.viewers);
      },
      "push.awoke"(ctx: Context<EventMap["push.awoke"]>) {
        this.hub.roomMoved(ctx.params.live_id, ctx.params.epoch);
      },
      "$node.disconnected"() {
        this.hub.nodesChanged();
      },
      // It may have taken us for gone meanwhile.
      "$node.connected"() {
        this.hub.nodesChanged();
      },
    },

    methods: {
      configChanged(config: Config): void {
        this.hub.configure(config);
      },
    },

    created() {
      this.hub = new Hub({
        nodeId: broker.nodeID,
        watch: (request) => call(broker, "push.watch", request),
        since: (request) => call(broker, "push.since", request),
      });
    },

    started() {
      this.hub.configure(this.config);
      this.hub.start();
    },

    stopped() {
      this.hub.stop();
    },
  };
  return mixin as Partial<ServiceSchema>;
}
