import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { setTimeout as pause, setImmediate as whatHasArrived } from "node:timers/promises";
import { promisify } from "node:util";
import type { Service, ServiceBroker, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { fail, ProductError } from "../../contracts/errors.ts";
import { MAX_IMAGE_BYTES } from "../../contracts/param-rules.ts";
import { createBuckets, type TokenBuckets } from "../../lib/token-bucket.ts";
import { version } from "../../lib/version.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { authMixin } from "./auth.mixin.ts";
import { addressBlock } from "./client-address.ts";
import { douyinMixin } from "./douyin/douyin.mixin.ts";
import { douyinRoutes } from "./douyin/routes.ts";
import { errorAnswer } from "./error-response.ts";
import { gatewayMixin } from "./gateway.mixin.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import { createHttpServer, listen, stopListening } from "./http-server.ts";
import { hubMixin } from "./hub/hub.mixin.ts";
import type { Hub } from "./hub/hub.ts";
import { inboxMixin } from "./inbox/inbox.mixin.ts";
import type { Inboxes } from "./inbox/inboxes.ts";
import { Media } from "./media.ts";
import { openApiDocument } from "./openapi/document.ts";
import { assetRoutes, loadPages, type Pages, sendPage } from "./pages.ts";
import { neededServices, readiness } from "./readiness.ts";
import { sendJson, successJson } from "./reply.ts";
import type { PageRoute } from "./route.ts";
import { RouteTable } from "./route-table.ts";
import { routes } from "./routes.ts";
import { Serving } from "./serving.ts";
import { UploadDesk } from "./upload-desk.ts";

interface Members extends Configured {
  server: Server | undefined;
  table: RouteTable;
  pages: Pages;
  inboxes: Inboxes;
  signIns: TokenBuckets;
  media: Media;
  uploads: UploadDesk;
  /** Requests in progress; streams do not count. */
  serving: Serving;
  /** Set once the gateway has begun to let everybody go; resolves when that is done. */
  leaving: Promise<void> | undefined;
  hub: Hub;
  httpHandler(req: IncomingMessage, res: ServerResponse): Promise<void>;
  sendReadiness(res: ServerResponse): void;
  takesFile(req: IncomingMessage): boolean;
  letGo(): Promise<void>;
  leave(seconds: number): Promise<void>;
  awaitLastRequests(withinMs: number): Promise<void>;
}

/** Addresses whose sign-ins are counted at a time. */
const COUNTED_ADDRESSES = 50_000;
const MIB = 1024 * 1024;
/** A stop waits this long for requests in progress. */
const DRAIN_MS = 5_000;
/** Connections that are kept alive may bring one more request so long after the last connection. */
const LAST_REQUESTS_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** The gateway: both dialects over HTTP, the streams of viewers, and pages about itself. */
export default function api(
  broker: ServiceBroker,
): ServiceSchema<ServiceSettingSchema, object, object, Service & Members> {
  return {
    name: "api",
    mixins: [
      hubMixin(broker),
      inboxMixin(broker),
      authMixin,
      douyinMixin,
      gatewayMixin,
      configMixin,
    ] as Partial<ServiceSchema>[],

    methods: {
      limitSignIns(address: string): void {
        const { sign_in_rate, sign_in_burst } = this.config.gateway;
        const block = addressBlock(address);
        const waitMs = this.signIns.take(block, Date.now(), sign_in_rate, sign_in_burst);
        if (waitMs > 0) fail("RATE_LIMITED", { retry_after_ms: waitMs });
      },

      async sendPage(route: PageRoute, req: GatewayRequest, res: ServerResponse): Promise<void> {
        if (route.page === "media") await this.media.send(req.parsedUrl, req, res);
        else if (route.page === "alive") sendJson(res, 200, successJson(null));
        else if (route.page === "ready") this.sendReadiness(res);
        else sendPage(req, res, this.pages.get(route.path) ?? fail("NOT_FOUND"));
      },

      takesFile({ method = "", url = "" }: IncomingMessage): boolean {
        const endpoint = this.table.find(method, url.split("?", 1)[0] as string);
        return endpoint !== undefined && "upload" in endpoint.route;
      },

      sendReadiness(res: ServerResponse): void {
        const here = this.broker.registry.getServiceList({ onlyAvailable: true });
        const available = new Set(here.map(({ name }) => name));
        const { ready, services } = readiness(
          neededServices(routes, douyinRoutes),
          available,
          this.leaving !== undefined,
        );
        if (ready) {
          sendJson(res, 200, successJson({ services }));
        } else {
          const refusal = errorAnswer(new ProductError("UNAVAILABLE", { services }));
          sendJson(res, refusal.status, JSON.stringify(refusal.body), refusal.headers);
        }
      },

      /**
       * Takes no more connections, lets viewers go and finishes requests. While the node still has its
       * place in the cluster: without it no batch would reach a viewer who is yet to be told.
       */
      async letGo(): Promise<void> {
        this.leaving ??= this.leave(runtimeOf(broker).env.drainSeconds);
        await this.leaving;
      },

      async leave(seconds: number): Promise<void> {
        const { server } = this;
        // What waits to be taken or read at this moment is, before anything is closed.
        await whatHasArrived();
        if (server !== undefined) stopListening(server);
        await Promise.all([
          this.hub.drain(seconds),
          this.inboxes.drain(seconds),
          this.awaitLastRequests(Math.min(LAST_REQUESTS_MS, seconds * 1000)),
        ]);
        await whatHasArrived();
        // From here on no more requests come; before, one may have on a connection that was idle.
        server?.closeIdleConnections();
        await this.serving.whenIdle(DRAIN_MS);
      },

      /** On connections that are kept alive each client learns with its next answer that it has to go. */
      async awaitLastRequests(withinMs: number): Promise<void> {
        const { server } = this;
        if (server === undefined) return;
        const connections = promisify(server.getConnections.bind(server));
        const deadline = performance.now() + withinMs;
        while ((await connections()) > 0 && performance.now() < deadline)
          await pause(LOOK_EVERY_MS);
      },
    },

    created() {
      this.pages = loadPages(openApiDocument(routes, version, douyinRoutes));
      this.table = new RouteTable([...routes, ...assetRoutes(this.pages, routes)], douyinRoutes);
      this.signIns = createBuckets({ maxKeys: COUNTED_ADDRESSES });
      const { objects, env } = runtimeOf(broker);
      this.media = new Media(objects);
      this.uploads = new UploadDesk({
        store: objects,
        maxBytes: { image: MAX_IMAGE_BYTES, video: env.uploadMaxMb * MIB },
        capacity: () => this.config.gateway.max_uploads,
        report: (error, object) =>
          this.logger.warn("an uploaded file could not be removed yet", { object, error }),
      });
      this.serving = new Serving();
      runtimeOf(broker).beforeStop(() => this.letGo());
    },

    async started() {
      const { host, port } = runtimeOf(broker).env;
      const handle: RequestListener = (req, res) => {
        if (this.leaving !== undefined) res.setHeader("Connection", "close");
        void this.serving.during(() => this.httpHandler(req, res));
      };
      const server = createHttpServer(handle, (req) => this.takesFile(req));
      await listen(server, port, host);
      this.server = server;
    },

    async stopped() {
      await this.letGo();
      this.server?.closeAllConnections();
    },
  };
}
