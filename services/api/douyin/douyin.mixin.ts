import type { ServerResponse } from "node:http";
import type { Context, Service, ServiceSchema, ServiceSettingSchema, Validators } from "moleculer";
import { type CallMeta, call } from "../../../contracts/call.ts";
import { fail, ProductError } from "../../../contracts/errors.ts";
import type { Caller, Upload } from "../../../contracts/objects.ts";
import { profiles } from "../../../mixins/profiles.ts";
import { runtimeOf } from "../../../mixins/runtime.ts";
import type { Authenticating } from "../auth.mixin.ts";
import { baseUrl } from "../base-url.ts";
import type { Fields, Source } from "../coerce.ts";
import type { GatewayRequest } from "../gateway-request.ts";
import { commonHeaders, sendJson } from "../reply.ts";
import { admitted, UPLOAD_MS, type UploadDesk } from "../upload-desk.ts";
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
  uploads: UploadDesk;
  identifyDouyin(
    route: DouyinRoute,
    sources: readonly Source[],
    req: GatewayRequest,
    complete: boolean,
  ): Promise<Caller | null>;
  answer(
    route: DouyinRoute,
    given: { fields: Fields; sources: readonly Source[]; upload: Upload | null },
    req: GatewayRequest,
    res: ServerResponse,
  ): Promise<void>;
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
      if (route.upload !== undefined) {
        await this.uploads.take(req, route.upload, {
          identify: (sources, complete) => this.identifyDouyin(route, sources, req, complete),
          admit: ({ user_id: owner }, bytes) => admitted(req.$ctx, owner, bytes),
          use: (sources, upload) => this.answer(route, { fields, sources, upload }, req, res),
        });
      } else {
        const sources = await readSources(req, req.query);
        await this.identifyDouyin(route, sources, req, true);
        await this.answer(route, { fields, sources, upload: null }, req, res);
      }
    },

    /** Puts who calls beside the request; as long as it is not complete, a token may be missing. */
    async identifyDouyin(
      route: DouyinRoute,
      sources: readonly Source[],
      req: GatewayRequest,
      complete: boolean,
    ): Promise<Caller | null> {
      if (route.auth === "none") return null;
      const token = givenToken(req.headers.authorization, sources);
      if (!complete && (token === null || token === "")) return null;
      if (token === "" && route.auth === "required") fail("TOKEN_EMPTY");
      const caller = await this.identify(route.auth, token === "" ? null : token);
      req.$ctx.meta.user = caller;
      return caller;
    },

    /** Does what is asked, and answers it. */
    async answer(
      route: DouyinRoute,
      {
        fields,
        sources,
        upload,
      }: { fields: Fields; sources: readonly Source[]; upload: Upload | null },
      req: GatewayRequest,
      res: ServerResponse,
    ): Promise<void> {
      const ctx = req.$ctx as Context<object, CallMeta>;
      const params = mergeParams(fields, ...sources);
      const found = this.checkOf(route)(params);
      if (Array.isArray(found))
        throw new ProductError("BAD_REQUEST", { fields: fieldProblems(found) });
      const caller = ctx.meta.user ?? null;
      const viewer = caller?.user_id ?? 0;
      const { trustProxy } = runtimeOf(this.broker).env;
      const options = upload === null ? undefined : { timeout: UPLOAD_MS };
      const ask: Ask = {
        params,
        caller,
        viewer,
        profiles: (userIds) => profiles(ctx, userIds, viewer),
        call: (action, given) => call(ctx, action, given, options),
        upload,
        url: (path) => (path.startsWith("/") ? baseUrl(req, trustProxy) + path : path),
        req,
        res,
      };
      if (route.reply === "stream") {
        for (const [name, value] of Object.entries(commonHeaders)) res.setHeader(name, value);
        const open = this.actions[route.stream] as Members["actions"][string];
        await open({ ...ask.params, $req: req, $res: res }, { parentCtx: ctx });
      } else {
        sendJson(res, 200, JSON.stringify(success(await route.perform(ask as never))));
      }
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
