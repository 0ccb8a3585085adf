import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { type CallMeta, call } from "../../contracts/call.ts";
import { fail } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { createFleetingCache, type FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import { type CountedWrites, countedWrites } from "../../lib/database/counted-writes.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { cacheOf } from "../../mixins/node-cache.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { countFollows, type FollowCount } from "./follows.ts";
import {
  findCounts,
  findList,
  following,
  isThere,
  type List,
  type Pair,
  unfollowing,
} from "./relation.repo.ts";

type Call<P> = Context<P, CallMeta>;

interface Members {
  writes: CountedWrites;
  counted: FleetingCache<FollowCount>;
  /** The caller and whom they name; nobody follows themselves, or somebody who is not there. */
  pair(ctx: Call<{ to_user_id: number }>): Promise<Pair>;
  list(list: List, user_id: number): Promise<{ user_ids: number[] }>;
}
type RelationService = Service & Members;

/** A list has at most as many, the latest ones. */
const MAX_LIST = 1_000;
const CACHED_MS = 2_000;

/** Who follows whom, and how many. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, RelationService> = {
  name: "relation",
  mixins: [failures()],

  actions: {
    follow: {
      visibility: "published",
      params: params["relation.follow"],
      async handler(ctx: Call<Params<"relation.follow">>): Promise<Result<"relation.follow">> {
        const pair = await this.pair(ctx);
        const { database, ids } = runtimeOf(this.broker);
        if (await this.writes.write(following(database, { ...pair, id: ids.next() })))
          await this.counted.forget([pair.follower, pair.followee]);
        return {};
      },
    },

    unfollow: {
      visibility: "published",
      params: params["relation.unfollow"],
      async handler(ctx: Call<Params<"relation.unfollow">>): Promise<Result<"relation.unfollow">> {
        const pair = await this.pair(ctx);
        if (await this.writes.write(unfollowing(runtimeOf(this.broker).database, pair)))
          await this.counted.forget([pair.follower, pair.followee]);
        return {};
      },
    },

    following: {
      visibility: "published",
      params: params["relation.following"],
      handler(ctx: Call<Params<"relation.following">>): Promise<Result<"relation.following">> {
        return this.list("following", ctx.params.user_id);
      },
    },

    followers: {
      visibility: "published",
      params: params["relation.followers"],
      handler(ctx: Call<Params<"relation.followers">>): Promise<Result<"relation.followers">> {
        return this.list("followers", ctx.params.user_id);
      },
    },

    friends: {
      visibility: "published",
      params: params["relation.friends"],
      handler(ctx: Call<Params<"relation.friends">>): Promise<Result<"relation.friends">> {
        return this.list("friends", ctx.params.user_id);
      },
    },

    counts: {
      visibility: "public",
      params: params["relation.counts"],
      async handler(ctx: Call<Params<"relation.counts">>): Promise<Result<"relation.counts">> {
        const { viewer, following = false } = ctx.params;
        const { database } = runtimeOf(this.broker);
        const [counts, list] = await Promise.all([
          countFollows(ctx.params, this.counted, (asked) => findCounts(database, asked)),
          following ? this.list("following", viewer) : null,
        ]);
        return { ...counts, ...(list && { following: list.user_ids }) };
      },
    },

    follows: {
      visibility: "public",
      params: params["relation.follows"],
      async handler(ctx: Call<Params<"relation.follows">>): Promise<Result<"relation.follows">> {
        return { follows: await isThere(runtimeOf(this.broker).database, ctx.params) };
      },
    },
  },

  methods: {
    async pair(ctx: Call<{ to_user_id: number }>): Promise<Pair> {
      const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
      const { to_user_id } = ctx.params;
      if (to_user_id === user_id) fail("NOT_WITH_ONESELF");
      const { users } = await call(ctx, "user.brief", { user_ids: [to_user_id, user_id] });
      if (users.length < 2) fail("USER_NOT_FOUND");
      return { follower: user_id, followee: to_user_id };
    },

    async list(list: List, user_id: number): Promise<{ user_ids: number[] }> {
      const { database } = runtimeOf(this.broker);
      return { user_ids: await findList(database, list, user_id, MAX_LIST) };
    },
  },

  created() {
    this.writes = countedWrites(runtimeOf(this.broker).database);
    this.counted = createFleetingCache({
      backend: () => cacheOf(this.broker),
      prefix: "relation:user",
      ttlMs: CACHED_MS,
    });
  },

  async stopped() {
    await this.writes.drain();
  },
};

export default schema;
