import { randomBytes } from "node:crypto";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { type CallMeta, call } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail, failField } from "../../contracts/errors.ts";
import type { EventMap } from "../../contracts/events.ts";
import { MAX_ID } from "../../contracts/param-rules.ts";
import { params } from "../../contracts/params.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import type { Beacon } from "./beacon.ts";
import { Course } from "./course.ts";
import { DrawThread } from "./draw.ts";
import { DueWatch } from "./due-watch.ts";
import type { EligibilityPorts } from "./eligibility.ts";
import { entryRepo } from "./entry.repo.ts";
import { EntryDesk } from "./entry-desk.ts";
import type { EntryStore } from "./entry-store.ts";
import { Lotteries } from "./lotteries.ts";
import { type LotteryModel, lotteryEntity } from "./lottery.model.ts";
import { claimRepo, drawRepo, lotteryRepo } from "./lottery.repo.ts";
import type { LotteryStore } from "./lottery-store.ts";
import { openBeacon } from "./open-beacon.ts";
import { ShowEnds } from "./show-ends.ts";
import type { StepListener } from "./steps.ts";
import { winnerRepo } from "./winner.repo.ts";
import type { WinnerStore } from "./winner-store.ts";

type Call<P> = Context<P, CallMeta>;

/** What tests replace. */
export interface LotteryOptions {
  /** Told of every step of a draw; dies there, for instance. */
  reached?: StepListener;
  /** Instead of what `DRAND_URL` says. */
  beacon?: Beacon;
}

interface Members extends Configured {
  adapter: { model: ModelStatic<LotteryModel> };
  words: WordFilter;
  store: LotteryStore;
  entries: EntryStore;
  winners: WinnerStore;
  lotteries: Lotteries;
  desk: EntryDesk;
  thread: DrawThread;
  watch: DueWatch;
  ends: ShowEnds;
  eligibility(): EligibilityPorts;
  follows(follower: number, followee: number): Promise<boolean>;
  hasRelations(): boolean;
  makeCourse(beacon: Beacon): Course;
  configChanged(config: Config): void;
}
type LotteryService = Service & Members;

/** As much of Moleculer's registry as tells whether an action is to be had; its types leave it out. */
interface ActionRegistry {
  actions: { isAvailable(action: string): boolean };
}

/** Accounts that are asked for at a time. */
const BRIEF = 100;

/** Lotteries in live rooms: who may join, when they are drawn, and who won. */
export function lotteryService({ reached = () => {}, beacon: given }: LotteryOptions = {}) {
  const schema: ServiceSchema<ServiceSettingSchema, object, object, LotteryService> = {
    name: "lottery",
    mixins: [configMixin, entity(lotteryEntity), failures()],
    dependencies: ["config", "live", "message", "push", "user"],

    actions: {
      create: {
        visibility: "published",
        params: params["lottery.create"],
        async handler(ctx: Call<Params<"lottery.create">>): Promise<Result<"lottery.create">> {
          const owner = ctx.meta.user ?? fail("NEED_LOGIN");
          const { gift, condition } = ctx.params;
          const room = await call(ctx, "live.card", { live_id: gift.live_id });
          if (condition?.kind === "follow" && !this.hasRelations())
            failField("condition.kind", "is not to be had: this server knows of no followers");
          const { words } = this;
          const id = await this.lotteries.create(ctx.params, { owner, room, words });
          this.logger.info("a lottery begins", { id, live_id: gift.live_id });
          return { id };
        },
      },

      single: {
        visibility: "published",
        params: params["lottery.single"],
        async handler(ctx: Call<Params<"lottery.single">>): Promise<Result<"lottery.single">> {
          return { gift: await this.lotteries.single(ctx.params.id) };
        },
      },

      multi: {
        visibility: "published",
        params: params["lottery.multi"],
        async handler(ctx: Call<Params<"lottery.multi">>): Promise<Result<"lottery.multi">> {
          const { live_id, before = MAX_ID, limit = 100 } = ctx.params;
          await call(ctx, "live.card", { live_id });
          return { gifts: await this.lotteries.ofRoom(live_id, before, limit) };
        },
      },

      entry: {
        visibility: "published",
        params: params["lottery.entry"],
        async handler(ctx: Call<Params<"lottery.entry">>): Promise<Result<"lottery.entry">> {
          const { user_id, username: user_name } = ctx.meta.user ?? fail("NEED_LOGIN");
          const { lottery_id } = ctx.params;
          const terms = await this.lotteries.terms(lottery_id);
          const entered = await this.desk.enter(terms, { user_id, user_name });
          return entered ? {} : this.lotteries.refuseEntry(lottery_id);
        },
      },

      cancel: {
        visibility: "published",
        params: params["lottery.cancel"],
        async handler(ctx: Call<Params<"lottery.cancel">>): Promise<Result<"lottery.cancel">> {
          const owner = ctx.meta.user ?? fail("NEED_LOGIN");
          await this.lotteries.cancel(ctx.params.lottery_id, owner);
          this.watch.hurry();
          return {};
        },
      },

      draw: {
        visibility: "published",
        params: params["lottery.draw"],
        async handler(ctx: Call<Params<"lottery.draw">>): Promise<Result<"lottery.draw">> {
          const owner = ctx.meta.user ?? fail("NEED_LOGIN");
          await this.lotteries.close(ctx.params.lottery_id, owner);
          this.watch.hurry();
          return {};
        },
      },

      proof: {
        visibility: "published",
        params: params["lottery.proof"],
        handler(ctx: Call<Params<"lottery.proof">>): Promise<Result<"lottery.proof">> {
          return this.lotteries.proof(ctx.params.id);
        },
      },

      entrants: {
        visibility: "published",
        params: params["lottery.entrants"],
        handler(ctx: Call<Params<"lottery.entrants">>): Promise<Result<"lottery.entrants">> {
          const { id, after = 0, limit = 1_000 } = ctx.params;
          return this.lotteries.entrants(id, after, limit);
        },
      },

      mine: {
        visibility: "published",
        params: params["lottery.mine"],
        async handler(ctx: Call<Params<"lottery.mine">>): Promise<Result<"lottery.mine">> {
          const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
          const { before = MAX_ID, limit = 20 } = ctx.params;
          return { prizes: await this.lotteries.prizes(user_id, before, limit) };
        },
      },

      claim: {
        visibility: "published",
        params: params["lottery.claim"],
        async handler(ctx: Call<Params<"lottery.claim">>): Promise<Result<"lottery.claim">> {
          const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
          await this.lotteries.claim(ctx.params.lottery_id, user_id, ctx.params.contact);
          return {};
        },
      },

      winners: {
        visibility: "published",
        params: params["lottery.winners"],
        async handler(ctx: Call<Params<"lottery.winners">>): Promise<Result<"lottery.winners">> {
          const owner = ctx.meta.user ?? fail("NEED_LOGIN");
          return { winners: await this.lotteries.winners(ctx.params.id, owner) };
        },
      },
    },

    events: {
      async "live.ended"(ctx: Context<EventMap["live.ended"]>) {
        await this.ends.ended(ctx.params.live_id);
      },
    },

    methods: {
      eligibility(): EligibilityPorts {
        return {
          winnersAmong: (lotteryIds, userIds) => this.winners.among(lotteryIds, userIds),
          createTimes: async (userIds) => {
            const times = new Map<number, number>();
            for (let at = 0; at < userIds.length; at += BRIEF) {
              const user_ids = userIds.slice(at, at + BRIEF);
              const { users } = await call(this.broker, "user.brief", { user_ids });
              for (const { user_id, create_time } of users) times.set(user_id, create_time);
            }
            return times;
          },
        };
      },

      /** Whether anybody knows who follows whom. */
      hasRelations(): boolean {
        const { registry } = this.broker as unknown as { registry: ActionRegistry };
        return registry.actions.isAvailable("relation.follows");
      },

      async follows(follower: number, followee: number): Promise<boolean> {
        return (await call(this.broker, "relation.follows", { follower, followee })).follows;
      },

      makeCourse(beacon: Beacon): Course {
        const { broker } = this;
        return new Course({
          ...this.eligibility(),
          lotteries: this.store,
          draws: drawRepo(this.adapter.model),
          entries: this.entries,
          winners: this.winners,
          beacon,
          draw: (order, open, signal) => this.thread.draw(order, open, signal),
          announce: (message) => call(broker, "push.announce", message),
          fence: async (live_id) => {
            const fence = await call(broker, "push.fence", { live_id });
            await call(broker, "message.catchUp", {});
            return fence;
          },
          said: (asked) => call(broker, "message.said", asked),
          now: Date.now,
          reached,
        });
      },

      configChanged(config: Config): void {
        this.words = createWordFilter(config.words);
      },
    },

    created() {
      this.words = createWordFilter(this.config.words);
    },

    async started() {
      const { database, ids, env } = runtimeOf(this.broker);
      const now = Date.now;
      const beacon = given ?? openBeacon(env.drandUrl);
      this.configChanged(this.config);
      this.store = lotteryRepo(this.adapter.model);
      this.entries = entryRepo(database);
      this.winners = winnerRepo(database);
      this.thread = new DrawThread();
      this.lotteries = new Lotteries({
        lotteries: this.store,
        entries: this.entries,
        winners: this.winners,
        beacon,
        announce: (message) => call(this.broker, "push.announce", message),
        fence: async (live_id) => (await call(this.broker, "push.fence", { live_id })).id,
        newId: () => ids.next(),
        now,
        random: randomBytes,
      });
      this.desk = new EntryDesk({
        ...this.eligibility(),
        entries: this.entries,
        follows: (follower, followee) => this.follows(follower, followee),
        now,
      });
      const course = this.makeCourse(beacon);
      const failed = (what: object, error: unknown) =>
        this.logger.warn("a lottery has to wait", { ...what, reason: describeFailure(error) });
      this.watch = new DueWatch({
        claims: claimRepo(this.adapter.model),
        carryOn: (claim) => course.carryOn(claim),
        newToken: () => ids.next(),
        now,
        random: Math.random,
        reached,
        failed,
      });
      this.ends = new ShowEnds({
        lotteries: this.store,
        isLive: async (live_id) => (await call(this.broker, "live.card", { live_id })).is_live,
        changed: () => this.watch.hurry(),
        now,
        failed,
      });
      this.watch.start();
      this.ends.start();
    },

    async stopped() {
      await this.ends?.stop();
      await this.watch?.stop();
      await this.desk?.drain();
      await this.thread?.stop();
    },
  };
  return schema;
}

export default lotteryService();
