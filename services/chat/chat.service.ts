import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast, type CallMeta, call } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail } from "../../contracts/errors.ts";
import { params } from "../../contracts/params.ts";
import { createBuckets, type TokenBuckets } from "../../lib/token-bucket.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { findHistory, findInbox, findLatest, findMarks, keep } from "./letter.repo.ts";
import { type Letter, pairOf, toMessage, wording } from "./letter.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  words: WordFilter;
  senders: TokenBuckets;
  limit(user_id: number): void;
  expectPartner(ctx: Context, user_id: number, to_user_id: number): Promise<void>;
  announce(letter: Letter): Promise<void>;
  configChanged(config: Config): void;
}
type ChatService = Service & Members;

/** Messages in one answer. */
const PAGE = 200;
/** What one sender may send through one node, per second and at once. */
const SEND_RATE = 10;
const SEND_BURST = 40;
const COUNTED_SENDERS = 50_000;

/** Private messages between two. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, ChatService> = {
  name: "chat",
  mixins: [failures({ "chat.send": "SEND_FAILED" }), configMixin],

  actions: {
    send: {
      visibility: "published",
      params: params["chat.send"],
      async handler(ctx: Call<Params<"chat.send">>): Promise<Result<"chat.send">> {
        const { user_id: sender } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { to_user_id } = ctx.params;
        const content = wording(ctx.params.content, this.words);
        this.limit(sender);
        await this.expectPartner(ctx, sender, to_user_id);
        const { database, ids } = runtimeOf(this.broker);
        const draft = { id: ids.next(), ...pairOf(sender, to_user_id), sender, content };
        const letter = await keep(database, draft, Date.now());
        await this.announce(letter);
        return { id: letter.id };
      },
    },

    history: {
      visibility: "published",
      params: params["chat.history"],
      async handler(ctx: Call<Params<"chat.history">>): Promise<Result<"chat.history">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { to_user_id, after_ms = 0 } = ctx.params;
        if (to_user_id === user_id) fail("NOT_WITH_ONESELF");
        const { database } = runtimeOf(this.broker);
        const letters = await findHistory(database, pairOf(user_id, to_user_id), after_ms, PAGE);
        return { messages: letters.map(toMessage) };
      },
    },

    latest: {
      visibility: "published",
      params: params["chat.latest"],
      async handler(ctx: Call<Params<"chat.latest">>): Promise<Result<"chat.latest">> {
        const { user_id } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { database } = runtimeOf(this.broker);
        const rows = await findLatest(database, user_id, ctx.params.user_ids);
        return {
          messages: rows.map(({ low, high, sender, content }) => ({
            user_id: low === user_id ? high : low,
            content,
            msg_type: sender === user_id ? 1 : 0,
          })),
        };
      },
    },

    inbox: {
      visibility: "public",
      params: params["chat.inbox"],
      async handler(ctx: Call<Params<"chat.inbox">>): Promise<Result<"chat.inbox">> {
        const { user_id, after, limit } = ctx.params;
        const found = await findInbox(runtimeOf(this.broker).database, user_id, after, limit);
        return { messages: found.map(({ seq, letter }) => ({ seq, message: toMessage(letter) })) };
      },
    },

    marks: {
      visibility: "public",
      params: params["chat.marks"],
      async handler(ctx: Call<Params<"chat.marks">>): Promise<Result<"chat.marks">> {
        const { user_ids } = ctx.params;
        const marks = await findMarks(runtimeOf(this.broker).database, user_ids);
        return { users: user_ids.map((user_id) => ({ user_id, seq: marks.get(user_id) ?? 0 })) };
      },
    },
  },

  methods: {
    limit(user_id: number): void {
      const waitMs = this.senders.take(user_id, Date.now(), SEND_RATE, SEND_BURST);
      if (waitMs > 0) fail("RATE_LIMITED", { retry_after_ms: waitMs });
    },

    /** Throws NOT_WITH_ONESELF, USER_NOT_FOUND; FRIENDS_ONLY where the operator wants it so. */
    async expectPartner(ctx: Context, user_id: number, to_user_id: number): Promise<void> {
      if (to_user_id === user_id) fail("NOT_WITH_ONESELF");
      const follows = (follower: number, followee: number) =>
        runtimeOf(this.broker).env.chatFriendsOnly
          ? call(ctx, "relation.follows", { follower, followee })
          : { follows: true };
      const [{ users }, there, back] = await Promise.all([
        call(ctx, "user.brief", { user_ids: [user_id, to_user_id] }),
        follows(user_id, to_user_id),
        follows(to_user_id, user_id),
      ]);
      if (users.length < 2) fail("USER_NOT_FOUND");
      if (!there.follows || !back.follows) fail("FRIENDS_ONLY");
    },

    /** Kept is kept, whoever hears of it: streams find by themselves what they were not told of. */
    async announce(letter: Letter): Promise<void> {
      const { low, high, low_seq, high_seq } = letter;
      const inboxes = [
        { user_id: low, seq: low_seq },
        { user_id: high, seq: high_seq },
      ];
      try {
        await broadcast(this.broker, "chat.sent", { inboxes, message: toMessage(letter) });
      } catch (error) {
        this.logger.warn("a listener failed", { reason: (error as Error).message });
      }
    },

    configChanged(config: Config): void {
      this.words = createWordFilter(config.words);
    },
  },

  created() {
    this.words = createWordFilter(this.config.words);
    this.senders = createBuckets({ maxKeys: COUNTED_SENDERS });
  },

  started() {
    this.configChanged(this.config);
  },
};

export default schema;
