import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { type CallMeta, call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { createFleetingCache, type FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { type CountedWrites, countedWrites } from "../../lib/database/counted-writes.ts";
import { createLru, type Lru } from "../../lib/lru.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { cacheOf } from "../../mixins/node-cache.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { type LikeModel, likeEntity } from "./like.model.ts";
import { adding, findCounts, findLiked, removing } from "./like.repo.ts";
import { countLikes } from "./likes.ts";

type Call<P> = Context<P, CallMeta>;

interface Members {
  adapter: { model: ModelStatic<LikeModel> };
  writes: CountedWrites;
  videos: FleetingCache<number>;
  users: FleetingCache<{ given: number; received: number }>;
  /** Authors of videos, who do not change. */
  authors: Lru<number, number>;
  authorOf(ctx: Context, video_id: number): Promise<number>;
  forget(video_id: number, ...user_ids: number[]): Promise<void>;
}
type FavoriteService = Service & Members;

/** A list of likes has at most as many, the last ones. */
const MAX_LIST = 1_000;
const KNOWN_AUTHORS = 10_000;
/** How old a count may be where a load crossed the change of another node. */
const CACHED_MS = 2_000;

/** Likes: who likes which video, and how many. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, FavoriteService> = {
  name: "favorite",
  mixins: [entity(likeEntity), failures()],

  actions: {
    like: {
      visibility: "published",
      params: params["favorite.like"],
      async handler(ctx: Call<Params<"favorite.like">>): Promise<Result<"favorite.like">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { video_id } = ctx.params;
        const author_id = await this.authorOf(ctx, video_id);
        const { database, ids } = runtimeOf(this.broker);
        const like = { user_id, video_id, author_id, id: ids.next() };
        if (await this.writes.write(adding(database, like)))
          await this.forget(video_id, user_id, author_id);
        return {};
      },
    },

    unlike: {
      visibility: "published",
      params: params["favorite.unlike"],
      async handler(ctx: Call<Params<"favorite.unlike">>): Promise<Result<"favorite.unlike">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { video_id } = ctx.params;
        const author_id = await this.authorOf(ctx, video_id);
        const { database } = runtimeOf(this.broker);
        if (await this.writes.write(removing(database, { user_id, video_id })))
          await this.forget(video_id, user_id, author_id);
        return {};
      },
    },

    list: {
      visibility: "published",
      params: params["favorite.list"],
      async handler(ctx: Call<Params<"favorite.list">>): Promise<Result<"favorite.list">> {
        return { video_ids: await findLiked(this.adapter.model, ctx.params.user_id, MAX_LIST) };
      },
    },

    counts: {
      visibility: "public",
      params: params["favorite.counts"],
      handler(ctx: Call<Params<"favorite.counts">>): Promise<Result<"favorite.counts">> {
        const { database } = runtimeOf(this.broker);
        const { videos, users } = this;
        return countLikes(ctx.params, {
          videos,
          users,
          find: (asked) => findCounts(database, asked),
        });
      },
    },
  },

  methods: {
    async authorOf(ctx: Context, video_id: number): Promise<number> {
      const known = this.authors.get(video_id, 0);
      if (known !== undefined) return known;
      const { videos } = await call(ctx, "video.cards", { video_ids: [video_id] });
      const author = videos[0]?.author ?? fail("VIDEO_NOT_FOUND");
      this.authors.set(video_id, author);
      return author;
    },

    async forget(video_id: number, ...user_ids: number[]): Promise<void> {
      await Promise.all([this.videos.forget([video_id]), this.users.forget(user_ids)]);
    },
  },

  created() {
    this.writes = countedWrites(runtimeOf(this.broker).database);
    const cache = (prefix: string) =>
      createFleetingCache<never>({ backend: () => cacheOf(this.broker), prefix, ttlMs: CACHED_MS });
    this.videos = cache("favorite:video");
    this.users = cache("favorite:user");
    this.authors = createLru({ max: KNOWN_AUTHORS });
  },

  async stopped() {
    await this.writes.drain();
  },
};

export default schema;
