import { setTimeout as pause } from "node:timers/promises";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast, type CallMeta, call, emit } from "../../contracts/call.ts";
import type { Config } from "../../contracts/config.ts";
import { fail } from "../../contracts/errors.ts";
import { type EventMap, hubGroup } from "../../contracts/events.ts";
import { params } from "../../contracts/params.ts";
import { keepBatches } from "../../lib/tail-store/tail-store.ts";
import { createWordFilter, type WordFilter } from "../../lib/word-filter.ts";
import { type Configured, configMixin } from "../../mixins/config.mixin.ts";
import { jetStreamOf } from "../../mixins/jetstream.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import type { RoomActor } from "./actor.ts";
import { Announcements } from "./announcements.ts";
import { atOwner, undone } from "./at-owner.ts";
import { createJournal, type Journal } from "./journal.ts";
import { keepMessages } from "./keep-messages.ts";
import { leasedOwnership, OwnedElsewhere, type Ownership, soleOwnership } from "./ownership.ts";
import { createRoom, roomStats } from "./room.ts";
import { type LoadedRoom, Rooms } from "./rooms.ts";
import { TAIL_MESSAGES } from "./tail.ts";

type Call<P> = Context<P, CallMeta>;

interface Members extends Configured {
  rooms: Rooms;
  ownership: Ownership;
  journal: Journal;
  announcements: Announcements;
  words: WordFilter;
  sweeper: NodeJS.Timeout;
  nextId(above: number): number;
  /** Does something with a room, on whichever node runs it; see at-owner.ts. */
  atOwner<T>(ctx: Call<{ live_id: number }>, work: (room: RoomActor) => T | Promise<T>): Promise<T>;
  loadRoom(liveId: number, lost: () => void): Promise<LoadedRoom>;
  pastOf(liveId: number, token: number): Promise<Past>;
  configChanged(config: Config): void;
}
type PushService = Service & Members;

type Past = Parameters<typeof createRoom>[1];

/** Saying something twice does harm; everything else can be asked again. */
const ONCE_ONLY: ReadonlySet<string> = new Set(["push.send"]);

/** How often silent gateways and idle rooms are looked for. */
const SWEEP_MS = 5_000;
/** In so many parts, so that the rooms of a node do not all ask for something at once. */
const SWEEP_PARTS = 20;

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
        const { type, content, style = null, data = null } = ctx.params;
        return this.atOwner(ctx, async (room) => {
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
        });
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
        const { live_id, since: after, ...said } = ctx.params;
        const { lottery_id, type } = said;
        return this.atOwner(ctx, async (room) => {
          const id = await this.announcements.once(`${lottery_id} ${type}`, async () => {
            await call(ctx, "message.catchUp", {});
            const asked = { live_id, lottery_id, type, after };
            const before = await call(ctx, "message.announced", asked);
            if (before.id !== null) return before.id;
            const id = this.nextId(room.state.lastId);
            return room.say({ kind: "announce", now_ms: Date.now(), id, ...said });
          });
          return { id };
        });
      },
    },

    fence: {
      ...byRoom,
      visibility: "public",
      params: params["push.fence"],
      handler(ctx: Call<Params<"push.fence">>): Promise<Result<"push.fence">> {
        return this.atOwner(ctx, async (room) => {
          const [id, now_ms] = [this.nextId(room.state.lastId), Date.now()];
          await room.kept();
          return { id, now_ms };
        });
      },
    },

    watch: {
      ...byRoom,
      visibility: "public",
      params: params["push.watch"],
      async handler(ctx: Call<Params<"push.watch">>): Promise<Result<"push.watch">> {
        const { node_id, viewers, epoch: known, after = null } = ctx.params;
        return this.atOwner(ctx, async (room) => {
          if (room.state.ended && viewers > 0) fail("ROOM_NOT_LIVE");
          room.watch(node_id, viewers);
          const { epoch } = room.state;
          if (known !== epoch) await room.settled();
          return {
            epoch,
            last: room.last,
            snapshot: known === epoch ? null : room.snapshot(after),
          };
        });
      },
    },

    since: {
      ...byRoom,
      visibility: "public",
      params: params["push.since"],
      handler(ctx: Call<Params<"push.since">>): Promise<Result<"push.since">> {
        return this.atOwner(ctx, (room) => ({ batches: room.since(ctx.params.after) }));
      },
    },

    stats: {
      ...byRoom,
      visibility: "public",
      params: params["push.stats"],
      handler(ctx: Call<Params<"push.stats">>): Promise<Result<"push.stats">> {
        return this.atOwner(ctx, (room) => roomStats(room.state));
      },
    },
  },

  events: {
    "live.ended"(ctx: Context<EventMap["live.ended"]>) {
      this.rooms.tell(ctx.params.live_id, (room) => room.end());
    },
    "live.muted"(ctx: Context<EventMap["live.muted"]>) {
      const { live_id, user_id, until_ms } = ctx.params;
      this.rooms.tell(live_id, (room) => room.mute(user_id, until_ms));
    },
    /** Its viewers are gone, or come back with another gateway. */
    "$node.disconnected"(ctx: Context<{ node: { id: string } }>) {
      for (const room of this.rooms.awake()) room.watch(ctx.params.node.id, 0);
    },
  },

  methods: {
    nextId(above: number): number {
      return runtimeOf(this.broker).ids.next(above);
    },

    atOwner<T>(ctx: Call<{ live_id: number }>, work: (room: RoomActor) => T | Promise<T>) {
      const { action, params, headers } = ctx;
      const name = action?.name as string;
      const onward = { headers: { forwarded: true } };
      return atOwner<T>({
        here: async () => {
          const room = await this.rooms.get(params.live_id);
          if (!room.isOwner) throw undone();
          return work(room);
        },
        there: headers?.forwarded
          ? null
          : (nodeID) => ctx.call<T, object>(name, params, { ...onward, nodeID }),
        repeatable: !ONCE_ONLY.has(name),
        now: () => performance.now(),
        pause,
      });
    },

    async loadRoom(live_id: number, lost: () => void): Promise<LoadedRoom> {
      const hold = await reached(this.ownership.claim(live_id, lost));
      try {
        const card = await call(this.broker, "live.card", { live_id });
        const past = await this.pastOf(live_id, hold.token);
        const state = createRoom(card, past, this.config, this.nextId(0), Date.now());
        // Gateways come back at once, and need not wait for their next renewal.
        const { epoch, tail } = state;
        if (past.tail !== undefined) await broadcast(this.broker, "push.awoke", { live_id, epoch });
        return { state, hold, remembered: rememberedOf(past) ?? tail.prev };
      } catch (error) {
        await hold.release();
        throw error;
      }
    },

    /** What the owner before has left, and what is in history beyond that. */
    async pastOf(live_id: number, token: number): Promise<Past> {
      const { shared } = runtimeOf(this.broker);
      const recent = (limit: number) => call(this.broker, "message.tail", { live_id, limit });
      if (shared === null) return recent(TAIL_MESSAGES);
      const tail = await reached(shared.tails.load(live_id, token));
      if (tail === "fenced") throw undone();
      return { ...(await recent(TAIL_MESSAGES)), tail };
    },

    configChanged(config: Config): void {
      this.words = createWordFilter(config.words);
      this.rooms.configure(config, Date.now());
    },
  },

  created() {
    this.words = createWordFilter(this.config.words);
    this.announcements = new Announcements();
    this.journal = createJournal({
      keep: keepMessages({
        send: jetStreamOf(this.broker)?.sender("danmaku") ?? null,
        append: (messages) => call(this.broker, "message.append", { messages }),
      }),
      failed: (count, error) =>
        this.logger.error("messages could not be kept", { count, reason: String(error) }),
    });
  },

  started() {
    const { shared } = runtimeOf(this.broker);
    this.ownership = shared === null ? soleOwnership : leasedOwnership(shared.leases, this.broker);
    const notSent = (event: string) => (error: unknown) =>
      this.logger.error("an event could not be sent", { event, error });
    this.rooms = new Rooms((liveId, lost) => this.loadRoom(liveId, lost), {
      now: Date.now,
      random: Math.random,
      append: this.journal.append,
      remember:
        shared && ((room, batches, whole) => keepBatches(shared.tails, room, batches, whole)),
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
      card: (live_id) => call(this.broker, "live.card", { live_id }).catch(() => null),
      words: () => this.words,
    });
    this.configChanged(this.config);
    const { rooms } = this;
    this.sweeper = setInterval(() => rooms.sweep(Date.now(), SWEEP_PARTS), SWEEP_MS / SWEEP_PARTS);
  },

  async stopped() {
    clearInterval(this.sweeper);
    await this.journal.drain();
    await this.rooms?.close();
  },
};

/** The last id that a new owner would find; null when it would find nothing. */
function rememberedOf({ messages, prev, tail }: Past): number | null {
  if (tail === undefined) return messages.at(-1)?.id ?? prev;
  return tail && (tail.batches.at(-1)?.ids.at(-1) ?? tail.prev);
}

/** What Redis does not answer has not been done, as far as a caller is concerned. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof OwnedElsewhere ? error : undone();
  }
}

export default push;
