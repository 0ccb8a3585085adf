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
import { fail } from "../../../contracts/errors.ts";
import type { EventMap } from "../../../contracts/events.ts";
import { params } from "../../../contracts/params.ts";
import { lastEventId } from "../hub/stream-head.ts";
import { Inboxes } from "./inboxes.ts";

type OpenParams = Params<"api.inbox"> & {
  $req: IncomingMessage & { $taken?: boolean };
  $res: ServerResponse;
};

interface Members {
  inboxes: Inboxes;
  inboxTimer: NodeJS.Timeout;
}

/** How often streams are looked after; a message that nobody told of is late by as much. */
const CARE_MS = 5_000;

/** The streams of private messages of one gateway. */
export function inboxMixin(broker: ServiceBroker): Partial<ServiceSchema> {
  const mixin: Partial<ServiceSchema<ServiceSettingSchema, object, object, Service & Members>> = {
    actions: {
      /** GET /douyin/message/stream/: afterwards the answer belongs to the stream. */
      inbox: {
        visibility: "published",
        // The request and the response are no data: they are kept out of the validated params.
        params: { ...params["api.inbox"], $req: "any", $res: "any" },
        async handler(ctx: Context<OpenParams, CallMeta>): Promise<null> {
          const { last_event_id, $req, $res } = ctx.params;
          const { user_id, session_id } = ctx.meta.user ?? fail("NEED_LOGIN");
          const after = lastEventId($req) ?? last_event_id;
          const opening = { user_id, session_id, ...(after === undefined ? {} : { after }) };
          await this.inboxes.open(opening, $res, () => {
            $req.$taken = true;
            $res.writeHead(200, {
              "Content-Type": "text/event-stream",
              "Cache-Control": "no-cache, no-transform",
              "X-Accel-Buffering": "no",
              // Not to be used for another request: the stream ends with it.
              Connection: "close",
            });
          });
          return null;
        },
      },
    },

    events: {
      "chat.sent"(ctx: Context<EventMap["chat.sent"]>) {
        this.inboxes.hear(ctx.params);
      },
    },

    methods: {
      sessionRevoked(session_id: number): void {
        this.inboxes.revoke(session_id);
      },
    },

    created() {
      this.inboxes = new Inboxes({
        read: async (user_id, after, limit) =>
          (await call(broker, "chat.inbox", { user_id, after, limit })).messages,
        marks: async (user_ids) => (await call(broker, "chat.marks", { user_ids })).users,
      });
    },

    started() {
      this.inboxTimer = setInterval(() => {
        this.inboxes
          .care()
          .catch((error: Error) =>
            this.logger.warn("private messages were not looked for", { reason: error.message }),
          );
      }, CARE_MS);
    },

    stopped() {
      clearInterval(this.inboxTimer);
    },
  };
  return mixin as Partial<ServiceSchema>;
}
