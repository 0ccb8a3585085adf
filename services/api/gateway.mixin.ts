import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import type { Params } from "../../contracts/actions.ts";
import type { CallMeta } from "../../contracts/call.ts";
import type { Caller } from "../../contracts/objects.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import type { Authenticating } from "./auth.mixin.ts";
import { bearerToken } from "./authenticator.ts";
import { ClientGoneError } from "./body.ts";
import { clientAddress } from "./client-address.ts";
import { coerceParams, type Fields, type Source } from "./coerce.ts";
import { sendOptions } from "./cors.ts";
import { dialectOf } from "./dialect.ts";
import type { ServingDouyin } from "./douyin/douyin.mixin.ts";
import { errorAnswer, notRouted } from "./error-response.ts";
import { exportedFile } from "./exported-file.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import { commonHeaders, sendFile, sendJson, successJson } from "./reply.ts";
import { saneRequestId } from "./request-id.ts";
import type { ActionRoute, PageRoute } from "./route.ts";
import type { Endpoint, RouteTable } from "./route-table.ts";
import { readSources, tokenIn } from "./sources.ts";
import { admitted, UPLOAD_MS, type UploadDesk } from "./upload-desk.ts";

type Found = { alias: { route: object; endpoint: Endpoint }; params: object };

interface Members extends Authenticating, ServingDouyin {
  table: RouteTable;
  routes: object[];
  addRoute(options: object): object;
  /** Throws RATE_LIMITED when an address signs in too often. */
  limitSignIns(address: string): void;
  sendPage(route: PageRoute, req: GatewayRequest, res: ServerResponse): Promise<void>;
  uploads: UploadDesk;
  identifyLive(
    route: ActionRoute,
    sources: readonly Source[],
    req: GatewayRequest,
    complete: boolean,
  ): Promise<Caller | null>;
  serveLive(
    route: ActionRoute,
    fields: Fields,
    req: GatewayRequest,
    res: ServerResponse,
  ): Promise<void>;
  perform(
    route: ActionRoute,
    params: object,
    req: GatewayRequest,
    res: ServerResponse,
  ): Promise<void>;
  actions: Record<string, (params: object, options: object) => Promise<unknown>>;
}

/**
 * moleculer-web, with what a request goes through replaced.
 *
 * Kept: the root action around each request (its context, request id, tracing and metrics) and the
 * funnel of all errors into `errorHandler`. Replaced: routing (a table instead of regular
 * expressions), parameters (flat, typed by the validators), and the call, which moleculer-web binds
 * to a node before the parameters are there; a Shard strategy has to see them.
 */
export const gatewayMixin: Partial<
  ServiceSchema<ServiceSettingSchema, object, object, Service & Members>
> = {
  mixins: [ApiGateway as unknown as Partial<ServiceSchema>],

  settings: {
    // The server is our own, see http-server.ts; so are the routes.
    server: false,
    routes: null,
    logRouteRegistration: null,
    rootCallOptions(options: { requestID?: string | undefined }, req: IncomingMessage): void {
      options.requestID = saneRequestId(req.headers["x-request-id"]) ?? undefined;
    },
  } as ServiceSettingSchema,

  actions: {
    listAliases: false,
    addRoute: false,
    removeRoute: false,
    rest: {
      // URLs may carry a token, so traces get the path alone.
      tracing: {
        tags: (ctx: Context<{ req: GatewayRequest }>) => ({ method: ctx.params.req.method }),
        spanName: (ctx: Context<{ req: GatewayRequest }>) =>
          `${ctx.params.req.method} ${pathOf(ctx.params.req)}`,
      },
    },
  } as never,

  methods: {
    parseQueryString(req: GatewayRequest): { url: string; query: string } {
      const url = req.url ?? "/";
      const mark = url.indexOf("?");
      const path = mark === -1 ? url : url.slice(0, mark);
      const query = mark === -1 ? "" : url.slice(mark + 1);
      // moleculer-web takes one slash off the end; /login/ is not /login to us.
      return { url: path.length > 1 && path.endsWith("/") ? `${path}/` : path, query };
    },

    resolveAlias(url: string, method = ""): Found | false {
      const endpoint = this.table.find(method, url);
      return (
        endpoint !== undefined && {
          alias: { route: this.routes[0] as object, endpoint },
          params: {},
        }
      );
    },

    async routeHandler(
      ctx: Context<object, CallMeta>,
      _: object,
      req: GatewayRequest,
      res: ServerResponse,
      found?: Found,
    ): Promise<true> {
      const methods = this.table.methodsOf(req.parsedUrl);
      if (req.method === "OPTIONS" && methods.length > 0) {
        sendOptions(res, methods);
        return true;
      }
      if (found === undefined || req.method === "OPTIONS") throw notRouted(methods);
      const { endpoint } = found.alias;
      if (endpoint.kind === "page") {
        await this.sendPage(endpoint.route, req, res);
        return true;
      }
      const { trustProxy } = runtimeOf(this.broker).env;
      const ip = clientAddress(
        req.socket.remoteAddress,
        req.headers["x-forwarded-for"],
        trustProxy,
      );
      ctx.meta.ip = ip;
      if (endpoint.route.signIn) this.limitSignIns(ip);
      if (endpoint.kind === "douyin")
        await this.serveDouyin(endpoint.route, endpoint.fields, req, res);
      else await this.serveLive(endpoint.route, endpoint.fields, req, res);
      this.logger.debug(`served ${req.method} ${req.parsedUrl}`, { requestID: ctx.requestID });
      return true;
    },

    async serveLive(
      route: ActionRoute,
      fields: Fields,
      req: GatewayRequest,
      res: ServerResponse,
    ): Promise<void> {
      req.$called = [route.action];
      const perform = (sources: readonly Source[], more: object) => {
        const { token: _, ...params } = coerceParams(fields, ...sources);
        return this.perform(route, { ...params, ...more }, req, res);
      };
      if (route.upload !== undefined) {
        await this.uploads.take(req, route.upload, {
          identify: (sources, complete) => this.identifyLive(route, sources, req, complete),
          admit: ({ user_id: owner }, bytes) => admitted(req.$ctx, owner, bytes),
          use: (sources, upload) => perform(sources, { upload }),
        });
      } else {
        const sources = await readSources(req, req.query);
        await this.identifyLive(route, sources, req, true);
        await perform(sources, {});
      }
    },

    /** Puts who calls beside the request; as long as it is not complete, a token may be missing. */
    async identifyLive(
      route: ActionRoute,
      sources: readonly Source[],
      req: GatewayRequest,
      complete: boolean,
    ): Promise<Caller | null> {
      const token = bearerToken(req.headers.authorization) ?? tokenIn(sources);
      if (token === null && !complete) return null;
      const caller = await this.identify(route.auth, token);
      req.$ctx.meta.user = caller;
      return caller;
    },

    /** Calls the action and answers what it gave. */
    async perform(
      route: ActionRoute,
      params: object,
      req: GatewayRequest,
      res: ServerResponse,
    ): Promise<void> {
      const ctx = req.$ctx;
      if (route.reply === "stream") {
        for (const [name, value] of Object.entries(commonHeaders)) res.setHeader(name, value);
        // On this very node: a connection cannot be sent to another one.
        const watch = this.actions.watch as Members["actions"][string];
        await watch({ ...params, $req: req, $res: res }, { parentCtx: ctx });
      } else {
        const options = route.upload === undefined ? {} : { timeout: UPLOAD_MS };
        const result = await ctx.call(route.action, params, options);
        if (route.reply === "json") sendJson(res, 200, successJson(result as object | null));
        else
          await sendFile(res, result as Readable, exportedFile(params as Params<"message.export">));
      }
    },

    errorHandler(req: GatewayRequest, res: ServerResponse, error: unknown): void {
      // After a connection was taken over, or when its client has left, there is nobody to answer.
      if (req.$taken || error instanceof ClientGoneError) return;
      const dialect = dialectOf(pathOf(req));
      const answer = errorAnswer(error, req.$called ?? null, Math.random, dialect);
      const told = {
        request: `${req.method} ${pathOf(req)}`,
        error: answer.name,
        ...becauseOf(error),
        requestID: req.$ctx?.requestID,
      };
      const { message, stack } = error as Error;
      this.logger[answer.level](
        `answered ${answer.status}: ${message}`,
        answer.level === "error" ? { ...told, stack } : told,
      );
      if (res.headersSent) res.destroy();
      else sendJson(res, answer.status, JSON.stringify(answer.body), answer.headers);
    },
  },

  created() {
    this.addRoute({
      path: "/",
      aliases: {},
      mappingPolicy: "restrict",
      bodyParsers: false,
      logging: false,
    });
    // moleculer-web tells every node when services change, for aliases made from them; we have none.
    Object.assign(this, { regenerateAllAutoAliases() {} });
  },
};

/** What made one of our own errors; only on the node where it was thrown, and for the log. */
function becauseOf(error: unknown): { reason?: string } {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error ? { reason: `${cause.name}: ${cause.message}` } : {};
}

/** The path as the client sent it, without the query, which may hold a token. */
function pathOf(req: GatewayRequest): string {
  const url = (req as { originalUrl?: string }).originalUrl ?? req.url ?? "/";
  return url.split("?", 1)[0] as string;
}
