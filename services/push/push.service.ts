import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast, type CallMeta, call, emit } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail } from "../../contracts/errors.ts";
import { type EventMap, hubGroup } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { params } from "../../contracts/params.ts";
import type { GroupCommit } from "../../lib/group-commit.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { jetStreamOf } from "../../mixins/jetstream.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { createJournal } from "./journal.ts";
import { keepMessages } from "./keep-messages.ts";
import { createRoom, type RoomState, roomStats, snapshot } from "./room.ts";
import { Rooms } from "./rooms.ts";
import { TAIL_MESSAGES } from "./tail.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  rooms: Rooms;
  journal: GroupCommit<MessageRecord>;
  words: WordFilter;
  sweeper: NodeJS.Timeout;
  nextId(above: number): number;
  loadRoom(liveId: number): Promise<RoomState>;
  configChanged(config: Config): void;
}
type PushService = Service & Members;

/** How often silent gateways and idle rooms are looked for. */
const SWEEP_MS = 5_000;

/** Callers of one room meet on one node. */
const byRoom = { strategy: "Shard", strategyOptions: { shardKey: "live_id" } };

/** The room actors: who may speak, what is kept, and what reaches the audience. */
const push: ServiceSchema<ServiceSettingSchema, object, object, PushService> = {
  name: "push",
  mixins: [configMixin],
  dependencies: ["config", "live", "message"],

  actions: {
    send: {
      ...byRoom,
      visibility: "published",
      params: params["push.send"],
      async handler(ctx: Call<Params<"push.send">>): Promise<Result<"push.send">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const { live_id, type, content, style = null, data = null } = ctx.params;
        const room = await this.rooms.get(live_id);
        const id = await room.say({
          kind: "send",
          now_ms: Date.now(),
          id: this.nextId(room.state.lastId),
          sender: { user_id: caller.user_id, user_name: caller.username },
          type,
          content,
          style,
          data,
        });
        return { id };
      },
    },

    announce: {
      ...byRoom,
      visibility: "public",
      params: params["push.announce"],
      async handler(
        this: PushService,
        ctx: Call<Params<"push.announce">>,
      ): Promise<Result<"push.announce">> {
        const { live_id, ...said } = ctx.params;
        const room = await this.rooms.get(live_id);
        const id = this.nextId(room.state.lastId);
        await room.say({ kind: "announce", now_ms: Date.now(), id, ...said });
        return { id };
      },
    },

    watch: {
      ...byRoom,
      visibility: "public",
      params: params["push.watch"],
      async handler(ctx: Call<Params<"push.watch">>): Promise<Result<"push.watch">> {
        const { live_id, node_id, viewers, epoch } = ctx.params;
        const room = await this.rooms.get(live_id);
        if (room.state.ended && viewers > 0) fail("ROOM_NOT_LIVE");
        room.watch(node_id, viewers);
        const known = epoch === room.state.epoch;
        return { epoch: room.state.epoch, snapshot: known ? null : snapshot(room.state) };
      },
    },

    since: {
      ...byRoom,
      visibility: "public",
      params: params["push.since"],
      async handler(ctx: Call<Params<"push.since">>): Promise<Result<"push.since">> {
        const room = await this.rooms.get(ctx.params.live_id);
        return { batches: room.state.tail.since(ctx.params.after) };
      },
    },

    stats: {
      ...byRoom,
      visibility: "public",
      params: params["push.stats"],
      async handler(ctx: Call<Params<"push.stats">>): Promise<Result<"push.stats">> {
        const room = await this.rooms.get(ctx.params.live_id);
        return roomStats(room.state);
      },
    },
  },

  events: {
    "live.ended"(ctx: Context<EventMap["live.ended"]>) {
      this.rooms.tell(ctx.params.live_id, (room) => room.end());
    },
    "live.muted"(ctx: Context<EventMap["live.muted"]>) {
      const { live_id, user_id, until_ms } = ctx.params;
      this.rooms.tell(live_id, (room) => room.apply({ kind: "mute", user_id, until_ms }));
    },
  },

  methods: {
    nextId(above: number): number {
      return runtimeOf(this.broker).ids.next(above);
    },

    /** A room as its services know it: its card, and its last messages as the tail. */
    async loadRoom(live_id: number): Promise<RoomState> {
      const card = await call(this.broker, "live.card", { live_id });
      const recent = await call(this.broker, "message.tail", { live_id, limit: TAIL_MESSAGES });
      return createRoom(card, recent, this.config, this.nextId(0), Date.now());
    },

    configChanged(config: Config): void {
      this.words = createWordFilter(config.words);
      this.rooms.configure(config, Date.now());
    },
  },

  created() {
    this.words = createWordFilter(this.config.words);
    this.journal = createJournal({
      keep: keepMessages({
        send: jetStreamOf(this.broker)?.sender("danmaku") ?? null,
        append: (messages) => call(this.broker, "message.append", { messages }),
      }),
      failed: (count, error) =>
        this.logger.error("messages could not be kept", { count, reason: String(error) }),
    });
    const notSent = (event: string) => (error: unknown) =>
      this.logger.error("an event could not be sent", { event, error });
    this.rooms = new Rooms((liveId) => this.loadRoom(liveId), {
      now: Date.now,
      random: Math.random,
      append: this.journal.append,
      // A batch that a transporter does not take is a hole that the hubs notice and fill.
      emit: (batch, nodes) => {
        if (nodes.length > 0)
          emit(this.broker, "push.batch", batch, nodes.map(hubGroup)).catch(notSent("push.batch"));
      },
      audience: (live_id, viewers) =>
        void broadcast(this.broker, "push.audience", { live_id, viewers }).catch(
          notSent("push.audience"),
        ),
      count: async (live_id, counters) => {
        // A show that counts from its last kept numbers is better than one that fails over them.
        await call(this.broker, "live.count", { live_id, counters }).catch((error: unknown) =>
          this.logger.warn("counters could not be kept", { live_id, reason: String(error) }),
        );
      },
      words: () => this.words,
    });
  },

  started() {
    this.configChanged(this.config);
    this.sweeper = setInterval(() => this.rooms.sweep(Date.now()), SWEEP_MS);
  },

  async stopped() {
    clearInterval(this.sweeper);
    await this.journal.drain();
    await this.rooms.close();
  },
};

export default push;
