import { randomBytes } from "node:crypto";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Params, Result } from "../../contracts/actions.ts";
import { broadcast, type CallMeta, call } from "../../contracts/call.ts";
import { fail, failField } from "../../contracts/errors.ts";
import type { EventMap, EventName } from "../../contracts/events.ts";
import type { RoomCounters } from "../../contracts/objects.ts";
import { params } from "../../contracts/params.ts";
import { describeFailure } from "../../lib/database/failure.ts";
import { entity } from "../../mixins/entity.mixin.ts";
import { failures } from "../../mixins/failures.mixin.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { defineMutes } from "./mute.model.ts";
import { muteRepo } from "./mute.repo.ts";
import { Mutes } from "./mutes.ts";
import { type RoomModel, roomEntity } from "./room.model.ts";
import { roomRepo } from "./room.repo.ts";
import { isLive, type RoomRow, requireLive, toCard, toShow } from "./room.ts";
import { Rooms } from "./rooms.ts";
import { streamRepo } from "./stream.repo.ts";
import { Streams } from "./streams.ts";

type Call<P> = Context<P, CallMeta>;

interface Members {
  adapter: { model: ModelStatic<RoomModel> };
  rooms: Rooms;
  mutes: Mutes;
  streams: Streams;
  reconciler: NodeJS.Timeout;
  reconciling: Promise<void>;
  announce<E extends EventName>(event: E, payload: EventMap[E]): Promise<void>;
  counters(room: RoomRow): Promise<RoomCounters>;
  reconcile(): Promise<void>;
}
type LiveService = Service & Members;

/** How often the line-up is compared with the database, for events that were lost. */
const RECONCILE_MS = 30_000;
/** A show ends without its counters if its actor does not give them in this time. */
const COUNTERS_MS = 2_000;

/** Rooms: who streams, since when, and who may not speak there. */
const schema: ServiceSchema<ServiceSettingSchema, object, object, LiveService> = {
  name: "live",
  mixins: [entity(roomEntity), failures({ "live.open": "ROOM_CREATE_FAILED" })],

  actions: {
    open: {
      visibility: "published",
      params: params["live.open"],
      async handler(ctx: Call<Params<"live.open">>): Promise<Result<"live.open">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const { room_name, description } = ctx.params;
        const opened = await this.rooms.open(caller, room_name, description, Date.now());
        const { live_id } = opened;
        this.logger.info("a show begins", { live_id, owner: caller.user_id });
        await this.announce("live.opened", { live_id });
        return opened;
      },
    },

    key: {
      visibility: "published",
      params: params["live.key"],
      async handler(ctx: Call<Params<"live.key">>): Promise<Result<"live.key">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const room = await this.rooms.findOwn(ctx.params.live_id, caller);
        return { key: await this.rooms.streamKey(room) };
      },
    },

    close: {
      visibility: "published",
      params: params["live.close"],
      async handler(ctx: Call<Params<"live.close">>): Promise<Result<"live.close">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const { live_id } = ctx.params;
        const room = await this.rooms.findOwn(live_id, caller);
        requireLive(room);
        const counters = await this.counters(room);
        const end_time = Math.floor(Date.now() / 1000);
        await this.rooms.end(room, end_time, counters);
        this.logger.info("a show is over", { live_id, ...counters });
        await this.announce("live.ended", { live_id, end_time });
        await this.mutes.dropAll(live_id);
        return {};
      },
    },

    single: {
      visibility: "published",
      params: params["live.single"],
      async handler(ctx: Call<Params<"live.single">>): Promise<Result<"live.single">> {
        return { room: await this.rooms.single(ctx.params.live_id, Date.now()) };
      },
    },

    list: {
      visibility: "published",
      params: params["live.list"],
      handler(ctx: Call<Params<"live.list">>): Promise<Result<"live.list">> {
        const { offset = 0, limit = 20 } = ctx.params;
        return this.rooms.page(offset, limit, Date.now());
      },
    },

    stats: {
      visibility: "published",
      params: params["live.stats"],
      async handler(ctx: Call<Params<"live.stats">>): Promise<Result<"live.stats">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const { live_id } = ctx.params;
        const room = await this.rooms.findOwn(live_id, caller);
        if (isLive(room)) return { stats: await call(ctx, "push.stats", { live_id }) };
        return { stats: { live_id, viewers: 0, ...(await this.rooms.counters(room)) } };
      },
    },

    cover: {
      visibility: "published",
      params: params["live.cover"],
      async handler(ctx: Call<Params<"live.cover">>): Promise<Result<"live.cover">> {
        const { user_id: owner, ...caller } = ctx.meta.user ?? fail("NEED_LOGIN");
        const { live_id, upload } = ctx.params;
        const room = await this.rooms.findOwn(live_id, { user_id: owner, ...caller });
        const kept = { owner, purpose: `room:${room.id}` };
        const image = { upload, shape: "cover" as const, field: "cover" };
        const { key, turn } = await call(ctx, "storage.image", { ...kept, ...image });
        const cover = `/media/${key}`;
        await this.rooms.setCover(room, cover, turn);
        await call(ctx, "storage.settle", { ...kept, turn });
        return { cover };
      },
    },

    mute: {
      visibility: "published",
      params: params["live.mute"],
      async handler(ctx: Call<Params<"live.mute">>): Promise<Result<"live.mute">> {
        const caller = ctx.meta.user ?? fail("NEED_LOGIN");
        const { live_id, user_id, seconds } = ctx.params;
        const room = await this.rooms.findOwn(live_id, caller);
        requireLive(room);
        if (user_id === caller.user_id) failField("user_id", "is the owner of the room");
        const { users } = await call(ctx, "user.brief", { user_ids: [user_id] });
        if (users.length === 0) fail("USER_NOT_FOUND");
        const until_ms = await this.mutes.set(live_id, user_id, seconds, Date.now());
        await this.announce("live.muted", { live_id, user_id, until_ms });
        return {};
      },
    },

    card: {
      visibility: "public",
      params: params["live.card"],
      async handler(ctx: Call<Params<"live.card">>): Promise<Result<"live.card">> {
        const room = await this.rooms.find(ctx.params.live_id);
        const muted = isLive(room) ? await this.mutes.of(room.id, Date.now()) : [];
        return toCard(room, muted, await this.rooms.counters(room));
      },
    },

    shows: {
      visibility: "public",
      params: params["live.shows"],
      async handler(ctx: Call<Params<"live.shows">>): Promise<Result<"live.shows">> {
        const shows = await this.rooms.shows(ctx.params.owners);
        return { rooms: shows.map(toShow) };
      },
    },

    count: {
      visibility: "public",
      params: params["live.count"],
      async handler(ctx: Call<Params<"live.count">>): Promise<Result<"live.count">> {
        await this.rooms.count(ctx.params.live_id, ctx.params.counters);
        return {};
      },
    },

    admitStream: {
      visibility: "public",
      params: params["live.admitStream"],
      handler(ctx: Call<Params<"live.admitStream">>): Promise<Result<"live.admitStream">> {
        return this.streams.admit(ctx.params.key, ctx.params.holder, Date.now());
      },
    },

    keepStreams: {
      visibility: "public",
      params: params["live.keepStreams"],
      async handler(ctx: Call<Params<"live.keepStreams">>): Promise<Result<"live.keepStreams">> {
        const { holder, live_ids } = ctx.params;
        return { live_ids: await this.streams.keep(live_ids, holder, Date.now()) };
      },
    },

    endStreams: {
      visibility: "public",
      params: params["live.endStreams"],
      async handler(ctx: Call<Params<"live.endStreams">>): Promise<Result<"live.endStreams">> {
        await this.streams.end(ctx.params.live_ids, ctx.params.holder);
        return {};
      },
    },
  },

  events: {
    "live.opened"(ctx: Context<EventMap["live.opened"]>) {
      this.rooms.lineup.opened(ctx.params.live_id);
    },
    "live.ended"(ctx: Context<EventMap["live.ended"]>) {
      this.rooms.lineup.ended(ctx.params.live_id);
    },
    "push.audience"(ctx: Context<EventMap["push.audience"]>) {
      this.rooms.lineup.audience(ctx.params.live_id, ctx.params.viewers);
    },
  },

  methods: {
    /** What happened is in the database; a listener that fails does not undo it. */
    async announce<E extends EventName>(event: E, payload: EventMap[E]): Promise<void> {
      try {
        await broadcast(this.broker, event, payload);
      } catch (error) {
        this.logger.warn("a listener failed", { event, reason: describeFailure(error) });
      }
    },

    /** What a show's actor counted, or last kept when it cannot be asked: a show must end anyway. */
    async counters(room: RoomRow): Promise<RoomCounters> {
      const live_id = room.id;
      try {
        return await call(this.broker, "push.stats", { live_id }, { timeout: COUNTERS_MS });
      } catch (error) {
        this.logger.warn("a show ends without its last counters", {
          live_id,
          reason: String(error),
        });
        return await this.rooms.counters(room);
      }
    },

    async reconcile(): Promise<void> {
      try {
        await this.rooms.reconcile();
      } catch (error) {
        this.logger.warn("the line-up could not be checked", { reason: describeFailure(error) });
      }
    },
  },

  async started() {
    const { database, ids, shared } = runtimeOf(this.broker);
    this.rooms = new Rooms({
      store: roomRepo(this.adapter.model),
      newId: () => ids.next(),
      random: randomBytes,
    });
    this.mutes = new Mutes(muteRepo(defineMutes(database)));
    this.streams = new Streams(streamRepo(this.adapter.model));
    // Where there is one process only, whoever sent video before it has gone with the one before.
    if (shared === null) await this.streams.endAll();
    this.reconciler = setInterval(() => {
      this.reconciling = this.reconcile();
    }, RECONCILE_MS);
    this.reconciling = this.reconcile();
    await this.reconciling;
  },

  async stopped() {
    clearInterval(this.reconciler);
    await this.reconciling;
  },
};

export default schema;
