import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { type CallMeta, call } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail } from "../../contracts/errors.ts";
import type { LiveShow } from "../../contracts/objects.ts";
import { params } from "../../contracts/params.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { ffmpeg } from "../../lib/ffmpeg.ts";
import { ToolError } from "../../lib/run-tool.ts";
import { createSlots, type Slots } from "../../lib/slots.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { videoCards } from "../../mixins/profiles.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { contentRepo } from "./content.repo.ts";
import { assembleFeed } from "./feed.ts";
import { PAGE_SIZE, readCursor, toPage } from "./feed-page.ts";
import { type Inspected, inspect } from "./inspection.ts";
import { type PublishingPorts, publish, removeAbandoned } from "./publishing.ts";
import { storedFile } from "./stored-file.ts";
import { listedTitle } from "./title.ts";
import { refuseFor } from "./tool-errors.ts";
import { defineContents, type VideoModel, videoEntity } from "./video.model.ts";
import { videoRepo } from "./video.repo.ts";
import { toRow, type VideoStore } from "./video.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  adapter: { model: ModelStatic<VideoModel> };
  videos: VideoStore;
  ports: Omit<PublishingPorts, "admit" | "record">;
  words: WordFilter;
  inspections: Slots;
  stopping: AbortController;
  cleaner: NodeJS.Timeout;
  cleaning: Promise<void>;
  shows(ctx: Context, owners: number[]): Promise<LiveShow[]>;
  inspect(object: string): Promise<Inspected>;
  cleanUp(): Promise<void>;
  discard(object: string): Promise<void>;
}
type VideoService = Service & Members;

/** Videos in the list of an author, at most. */
const MAX_LIST = 1_000;
/** The feed waits this long to hear who is live, in ms. */
const SHOWS_MS = 2_000;
/** Programs that look into videos at a time, on each node, and how many uploads wait for them. */
const INSPECTIONS = { running: 2, waiting: 32 };
/** How often is looked for what publications left that never ended, in ms. */
const CLEAN_UP_MS = 600_000;

/** Short videos: publishing, the feed, and what an author has published. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, VideoService> = {
  name: "video",
  mixins: [configMixin, entity(videoEntity), failures()],

  actions: {
    publish: {
      visibility: "published",
      params: params["video.publish"],
      async handler(ctx: Call<Params<"video.publish">>): Promise<Result<"video.publish">> {
        const { upload, title } = ctx.params;
        try {
          const caller = ctx.meta.user ?? fail("NEED_LOGIN");
          const { users } = await call(ctx, "user.brief", { user_ids: [caller.user_id] });
          if (users.length === 0) fail("USER_NOT_FOUND");
          const listed = listedTitle(title, this.words);
          const ports = { ...this.ports, ...quota(ctx) };
          const video_id = await publish(ports, upload, caller.user_id, listed);
          this.logger.info("a video is out", {
            video_id,
            author: caller.user_id,
            size: upload.size,
          });
          return { video_id };
        } finally {
          await this.discard(upload.object);
        }
      },
    },

    feed: {
      visibility: "published",
      params: params["video.feed"],
      async handler(ctx: Call<Params<"video.feed">>): Promise<Result<"video.feed">> {
        const viewer = ctx.meta.user?.user_id ?? 0;
        const nowMs = Date.now();
        const cursor = readCursor(ctx.params.latest_time, nowMs);
        const found = await this.videos.findBefore(cursor.beforeMs, PAGE_SIZE + 1);
        const { videos, next_time } = toPage(found, cursor, nowMs);
        const rows = videos.map(toRow);
        const works = new Map(videos.map((video) => [video.author_id, video.works]));
        const page = await assembleFeed(rows, viewer, {
          relations: (user_ids) =>
            call(ctx, "relation.counts", { user_ids, viewer, following: viewer !== 0 }),
          cards: (relations) => videoCards(ctx, rows, viewer, { works, relations }),
          shows: (owners) => this.shows(ctx, owners),
        });
        return { ...page, next_time };
      },
    },

    by_author: {
      visibility: "published",
      params: params["video.by_author"],
      async handler(ctx: Call<Params<"video.by_author">>): Promise<Result<"video.by_author">> {
        const { user_id } = ctx.params;
        const rows = (await this.videos.findByAuthor(user_id, MAX_LIST)).map(toRow);
        return { video_list: await videoCards(ctx, rows, ctx.meta.user?.user_id ?? 0) };
      },
    },

    works: {
      visibility: "public",
      params: params["video.works"],
      async handler(ctx: Call<Params<"video.works">>): Promise<Result<"video.works">> {
        const { user_ids } = ctx.params;
        const counted = await this.videos.findWorks(user_ids);
        const works = new Map(counted.map(({ user_id, works }) => [user_id, works]));
        const users = user_ids.map((user_id) => ({ user_id, work_count: works.get(user_id) ?? 0 }));
        return { users };
      },
    },

    cards: {
      visibility: "public",
      params: params["video.cards"],
      async handler(ctx: Call<Params<"video.cards">>): Promise<Result<"video.cards">> {
        return { videos: (await this.videos.findByIds(ctx.params.video_ids)).map(toRow) };
      },
    },
  },

  methods: {
    configChanged(config: Config): void {
      this.words = createWordFilter(config.words);
    },

    /** Who of these people is live; nobody, as far as anyone knows, while nobody can be asked. */
    async shows(ctx: Context, owners: number[]): Promise<LiveShow[]> {
      try {
        return (await call(ctx, "live.shows", { owners }, { timeout: SHOWS_MS })).rooms;
      } catch (error) {
        this.logger.warn("a feed does not show who is live", { reason: String(error) });
        return [];
      }
    },

    /** Looks into an upload, when it is its turn. */
    async inspect(object: string): Promise<Inspected> {
      const file = storedFile(runtimeOf(this.broker).objects, object);
      try {
        return await this.inspections.run(() => inspect(file, ffmpeg, this.stopping.signal));
      } catch (error) {
        if (error instanceof ToolError)
          this.logger.warn("a video was not looked into", {
            reason: error.message,
            detail: error.detail,
          });
        return refuseFor(error);
      }
    },

    /** What is left of an upload is in nobody's way: the store's own clean-up takes it later. */
    async discard(object: string): Promise<void> {
      try {
        await this.ports.objects.remove(object);
      } catch (error) {
        this.logger.warn("an upload is left in the store", { object, reason: String(error) });
      }
    },

    async cleanUp(): Promise<void> {
      try {
        const removed = await removeAbandoned(this.ports, Date.now());
        if (removed > 0) this.logger.info("unfinished videos were removed", { removed });
      } catch (error) {
        this.logger.warn("clean-up failed", { reason: describeFailure(error) });
      }
    },
  },

  async started() {
    const { database, ids, objects } = runtimeOf(this.broker);
    this.words = createWordFilter(this.config.words);
    this.inspections = createSlots(INSPECTIONS);
    this.stopping = new AbortController();
    this.videos = videoRepo(database, this.adapter.model);
    this.ports = {
      videos: this.videos,
      contents: contentRepo(defineContents(database)),
      objects,
      inspect: (object) => this.inspect(object),
      newId: () => ids.next(),
      now: () => Date.now(),
    };
    this.cleaning = this.cleanUp();
    this.cleaner = setInterval(() => {
      this.cleaning = this.cleanUp();
    }, CLEAN_UP_MS);
  },

  async stopped() {
    clearInterval(this.cleaner);
    this.stopping?.abort();
    await this.cleaning;
  },
};

/** What a user may keep, as the storage service has it. */
function quota(ctx: Context): Pick<PublishingPorts, "admit" | "record"> {
  return {
    async admit(owner, bytes) {
      await call(ctx, "storage.admit", { owner, bytes });
    },
    async record(owner, key, bytes) {
      await call(ctx, "storage.record", { owner, purpose: "video", key, bytes });
    },
  };
}

export default schema;
