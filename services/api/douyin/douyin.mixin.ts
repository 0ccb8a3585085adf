import type { ServerResponse } from "node:http";
import type { Context, Service, ServiceSchema, ServiceSettingSchema, Validators } from "moleculer";
import { type CallMeta, call } from "../../../contracts/call.ts";
import { fail, ProductError } from "../../../contracts/errors.ts";
import { profiles } from "../../../mixins/profiles.ts";
import { runtimeOf } from "../../../mixins/runtime.ts";
import type { Authenticating } from "../auth.mixin.ts";
import { baseUrl } from "../base-url.ts";
import type { Fields } from "../coerce.ts";
import type { GatewayRequest } from "../gateway-request.ts";
import { commonHeaders, sendJson } from "../reply.ts";
import { fieldProblems } from "../validation-problems.ts";
import { success } from "./envelope.ts";
import { mergeParams } from "./parameters.ts";
import type { Ask, DouyinRoute } from "./route.ts";
import { readSources } from "./sources.ts";
import { givenToken } from "./token.ts";

/** What a gateway with {@link douyinMixin} can do. */
export interface ServingDouyin {
  /** Answers a request of the short-video dialect; throws what the error handler then tells. */
  serveDouyin(
    route: DouyinRoute,
    fields: Fields,
    req: GatewayRequest,
    res: ServerResponse,
  ): Promise<void>;
}

/** Answers true, or what is wrong with the parameters. */
type Check = (params: object) => unknown;

interface Members extends ServingDouyin, Authenticating {
  checks: Map<DouyinRoute, Check>;
  actions: Record<string, (params: object, options: object) => Promise<unknown>>;
  checkOf(route: DouyinRoute): Check;
  ask(route: DouyinRoute, fields: Fields, req: GatewayRequest, res: ServerResponse): Promise<Ask>;
}

/** The second dialect of the gateway: its own way with parameters and tokens, and its own envelope. */
export const douyinMixin: Partial<
  ServiceSchema<ServiceSettingSchema, object, object, Service & Members>
> = {
  methods: {
    async serveDouyin(
      route: DouyinRoute,
      fields: Fields,
      req: GatewayRequest,
      res: ServerResponse,
    ): Promise<void> {
      req.$called = route.actions;
      const ask = await this.ask(route, fields, req, res);
      if (route.reply === "stream") {
        for (const [name, value] of Object.entries(commonHeaders)) res.setHeader(name, value);
        const open = this.actions[route.stream] as Members["actions"][string];
        await open({ ...ask.params, $req: req, $res: res }, { parentCtx: req.$ctx });
      } else {
        sendJson(res, 200, JSON.stringify(success(await route.perform(ask as never))));
      }
    },

    async ask(
      route: DouyinRoute,
      fields: Fields,
      req: GatewayRequest,
      res: ServerResponse,
    ): Promise<Ask> {
      const ctx = req.$ctx as Context<object, CallMeta>;
      const sources = await readSources(req, req.query);
      if (route.auth !== "none") {
        const token = givenToken(req.headers.authorization, sources);
        if (token === "" && route.auth === "required") fail("TOKEN_EMPTY");
        ctx.meta.user = await this.identify(route.auth, token === "" ? null : token);
      }
      const params = mergeParams(fields, ...sources);
      const found = this.checkOf(route)(params);
      if (Array.isArray(found))
        throw new ProductError("BAD_REQUEST", { fields: fieldProblems(found) });
      const caller = ctx.meta.user ?? null;
      const viewer = caller?.user_id ?? 0;
      const { trustProxy } = runtimeOf(this.broker).env;
      return {
        params,
        caller,
        viewer,
        call: (action, given) => call(ctx, action, given),
        profiles: (userIds) => profiles(ctx, userIds, viewer),
        url: (path) => (path.startsWith("/") ? baseUrl(req, trustProxy) + path : path),
        req,
        res,
      };
    },

    checkOf(route: DouyinRoute): Check {
      const known = this.checks.get(route);
      if (known !== undefined) return known;
      const check = (this.broker.validator as Validators.Fastest).compile(
        route.params as never,
      ) as Check;
      this.checks.set(route, check);
      return check;
    },
  },

  created() {
    this.checks = new Map();
  },
};
