import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { type CallMeta, call } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { createFleetingCache, type FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { type CountedWrites, countedWrites } from "../../lib/database/counted-writes.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { cacheOf } from "../../mixins/node-cache.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { type CommentModel, commentEntity } from "./comment.model.ts";
import { adding, findComment, findCounts, findOlder, removing } from "./comment.repo.ts";
import { countComments, newest, requireRight, toComment, wording } from "./comments.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  adapter: { model: ModelStatic<CommentModel> };
  writes: CountedWrites;
  cached: FleetingCache<number>;
  words: WordFilter;
  authorOf(ctx: Context, video_id: number): Promise<number>;
  configChanged(config: Config): void;
}
type CommentService = Service & Members;

/** How old a count may be where a load crossed the change of another node. */
const CACHED_MS = 2_000;

/** What people say below videos. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, CommentService> = {
  name: "comment",
  mixins: [entity(commentEntity), failures(), configMixin],

  actions: {
    create: {
      visibility: "published",
      params: params["comment.create"],
      async handler(ctx: Call<Params<"comment.create">>): Promise<Result<"comment.create">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { video_id, comment_text } = ctx.params;
        const content = wording(comment_text, this.words);
        const author_id = await this.authorOf(ctx, video_id);
        const { database, ids } = runtimeOf(this.broker);
        const comment = { id: ids.next(), video_id, author_id, user_id, content };
        await this.writes.write(adding(database, comment));
        await this.cached.forget([video_id]);
        return { comment: toComment(comment) };
      },
    },

    remove: {
      visibility: "published",
      params: params["comment.remove"],
      async handler(ctx: Call<Params<"comment.remove">>): Promise<Result<"comment.remove">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { video_id, comment_id } = ctx.params;
        const comment = await findComment(this.adapter.model, comment_id);
        requireRight(user_id, video_id, comment);
        const { database } = runtimeOf(this.broker);
        if (!(await this.writes.write(removing(database, comment)))) fail("COMMENT_NOT_FOUND");
        await this.cached.forget([video_id]);
        return {};
      },
    },

    list: {
      visibility: "published",
      params: params["comment.list"],
      async handler(ctx: Call<Params<"comment.list">>): Promise<Result<"comment.list">> {
        const { video_id } = ctx.params;
        const found = await newest((before, limit) =>
          findOlder(this.adapter.model, video_id, before, limit),
        );
        if (found.length === 0) await this.authorOf(ctx, video_id);
        return { comments: found.map(toComment) };
      },
    },

    counts: {
      visibility: "public",
      params: params["comment.counts"],
      async handler(ctx: Call<Params<"comment.counts">>): Promise<Result<"comment.counts">> {
        const { database } = runtimeOf(this.broker);
        const find = (ids: readonly number[]) => findCounts(database, ids);
        return { videos: await countComments(ctx.params.video_ids, this.cached, find) };
      },
    },
  },

  methods: {
    /** The video's author; VIDEO_NOT_FOUND when there is no such video. */
    async authorOf(ctx: Context, video_id: number): Promise<number> {
      const { videos } = await call(ctx, "video.cards", { video_ids: [video_id] });
      return videos[0]?.author ?? fail("VIDEO_NOT_FOUND");
    },

    configChanged(config: Config): void {
      this.words = createWordFilter(config.words);
    },
  },

  created() {
    this.words = createWordFilter(this.config.words);
    this.writes = countedWrites(runtimeOf(this.broker).database);
    this.cached = createFleetingCache({
      backend: () => cacheOf(this.broker),
      prefix: "comment:video",
      ttlMs: CACHED_MS,
    });
  },

  started() {
    this.configChanged(this.config);
  },

  async stopped() {
    await this.writes.drain();
  },
};

export default schema;
