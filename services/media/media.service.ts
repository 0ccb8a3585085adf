import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { call } from "../../contracts/call.ts";
import type { EventMap } from "../../contracts/events.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import type { IngestNews } from "./ingest-messages.ts";
import { IngestProcess } from "./ingest-process.ts";
import { type Admission, isStreamKey, Publishers } from "./publishers.ts";
import { StreamClaims } from "./stream-claims.ts";

interface Members {
  /** Null where RTMP is off. */
  ingest: IngestProcess | null;
  publishers: Publishers;
  claims: StreamClaims;
  renewer: NodeJS.Timeout | undefined;
  leaving: Promise<void> | undefined;
  hear(news: IngestNews): void;
  decide(session: string, name: string): Promise<void>;
  admission(name: string): Promise<Admission>;
  cut(liveId: number): void;
  ended(liveId: number): void;
  leave(): Promise<void>;
}
type MediaService = Service & Members;

/** How often `live` is told that video goes on coming in; it forgets after three times that. */
const RENEW_MS = 3_000;
/** A publisher is turned away when nobody says within this time whether they may publish. */
const ADMISSION_MS = 5_000;
const TELL_MS = 3_000;

/** Video: takes RTMP, in a process of its own, and says where it comes in. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, MediaService> = {
  name: "media",
  dependencies: ["live"],

  events: {
    "live.ended"(ctx: Context<EventMap["live.ended"]>) {
      this.cut(ctx.params.live_id);
    },
  },

  methods: {
    hear(news: IngestNews): void {
      switch (news.kind) {
        case "wish":
          this.publishers.wish(news.session);
          void this.decide(news.session, news.name);
          return;
        case "video": {
          const live_id = this.publishers.video(news.session);
          if (live_id === null) return;
          this.logger.info("video comes in", { live_id });
          void this.claims.tell();
          return;
        }
        case "left": {
          const live_id = this.publishers.left(news.session);
          if (live_id !== null) this.ended(live_id);
        }
      }
    },

    /** The name that somebody publishes under is a secret: it stays out of the log. */
    async decide(session: string, name: string): Promise<void> {
      const refusal = this.publishers.admit(session, await this.admission(name));
      if (refusal !== null && refusal !== "gone")
        this.logger.info("a publisher is turned away", { reason: refusal });
      this.ingest?.send({ kind: "answer", session, accepted: refusal === null });
    },

    async admission(name: string): Promise<Admission> {
      if (!isStreamKey(name)) return { refused: "unknown" };
      try {
        const asked = { key: name, holder: this.broker.nodeID };
        return await call(this.broker, "live.admitStream", asked, { timeout: ADMISSION_MS });
      } catch (error) {
        this.logger.warn("nobody can say who may publish", { reason: describeFailure(error) });
        return { refused: "unknown" };
      }
    },

    cut(liveId: number): void {
      const session = this.publishers.sessionOf(liveId);
      if (session !== null) this.ingest?.send({ kind: "cut", session });
    },

    ended(liveId: number): void {
      this.logger.info("video has ended", { live_id: liveId });
      void this.claims.tell();
    },

    /** While other services still work: they learn that no more video comes in. */
    leave(): Promise<void> {
      this.leaving ??= (async () => {
        clearInterval(this.renewer);
        await this.ingest?.stop();
        this.publishers.clear();
        await this.claims.tell();
      })();
      return this.leaving;
    },
  },

  created() {
    const { host, rtmpPort: port } = runtimeOf(this.broker).env;
    const holder = this.broker.nodeID;
    this.publishers = new Publishers();
    this.claims = new StreamClaims({
      streaming: () => this.publishers.streaming(),
      keep: async (live_ids) =>
        (await call(this.broker, "live.keepStreams", { holder, live_ids }, { timeout: TELL_MS }))
          .live_ids,
      end: async (live_ids) => {
        await call(this.broker, "live.endStreams", { holder, live_ids }, { timeout: TELL_MS });
      },
      lost: (liveId) => this.cut(liveId),
      failed: (error) =>
        this.logger.warn("nobody was told where video comes in", {
          reason: describeFailure(error),
        }),
    });
    this.ingest = null;
    if (port === 0) return;
    this.ingest = new IngestProcess({
      port,
      host,
      heard: (news) => this.hear(news),
      died: (how, restart_ms) => {
        this.logger.error("the process that takes RTMP has died", { how, restart_ms });
        this.publishers.clear();
        void this.claims.tell();
      },
      back: () => this.logger.info("RTMP is taken again"),
      fault: (error) => this.logger.error("RTMP has a fault", { error }),
    });
    // It takes a moment, and so do the services that this one waits for.
    this.ingest.warmUp();
    runtimeOf(this.broker).beforeStop(() => this.leave());
  },

  async started() {
    if (this.ingest === null) return;
    await this.ingest.listen();
    this.renewer = setInterval(() => void this.claims.tell(), RENEW_MS);
  },

  stopped() {
    return this.leave();
  },
};

export default schema;
