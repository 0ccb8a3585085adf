import type { Params, Result } from "../../../contracts/actions.ts";
import { errorName } from "../../../contracts/errors.ts";
import type { PushBatch } from "../../../contracts/events.ts";
import { HubRoom, type RoomEvents } from "./hub-room.ts";
import { Inbox } from "./inbox.ts";

/** The room actors, as a hub needs them. */
export interface RoomSource {
  nodeId: string;
  watch(params: Params<"push.watch">): Promise<Result<"push.watch">>;
  since(params: Params<"push.since">): Promise<Result<"push.since">>;
}

/** Changed numbers of viewers are told to the actor this often; also retries. */
const TICK_MS = 250;
/** Interest is renewed this often, well within what the actor allows. */
const RENEW_MS = 5_000;
/** Batches kept for a room whose snapshot is on its way. */
const MAX_EARLY = 1000;

/** A room of this gateway and its registration with the room's actor. */
export class Subscription {
  readonly room: HubRoom;
  readonly inbox: Inbox;
  epoch: number;
  /** Over all gateways, as the actor last told. */
  viewers: number;
  /** What the actor was last told of this gateway. */
  reported = 1;
  renewAtMs: number;
  renewing = false;
  /** Streams on their way in: the room must not go meanwhile. */
  joining = 0;

  constructor(room: HubRoom, inbox: Inbox, epoch: number, viewers: number) {
    this.room = room;
    this.inbox = inbox;
    this.epoch = epoch;
    this.viewers = viewers;
    this.renewAtMs = Date.now() + RENEW_MS;
  }

  joined(): void {
    this.joining--;
  }
}

/**
 * The rooms that this gateway has viewers of. The first viewer registers the gateway with the room's
 * actor, which answers with the room's recent past and from then on sends it every batch; changes
 * are reported and interest is renewed until the last viewer has gone.
 */
export class Subscriptions {
  private readonly active = new Map<number, Subscription>();
  private readonly loading = new Map<number, Promise<Subscription>>();
  private readonly early = new Map<number, PushBatch[]>();
  private readonly source: RoomSource;
  private readonly events: RoomEvents;
  private timer: NodeJS.Timeout | null = null;

  constructor(source: RoomSource, events: RoomEvents) {
    this.source = source;
    this.events = events;
  }

  get size(): number {
    return this.active.size;
  }

  *rooms(): Generator<HubRoom> {
    for (const { room } of this.active.values()) yield room;
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.active.clear();
  }

  /** The room, registered and filled; the caller says `joined()` when it has added its viewer. */
  async join(liveId: number): Promise<Subscription> {
    const subscription =
      this.active.get(liveId) ?? (await (this.loading.get(liveId) ?? this.load(liveId)));
    subscription.joining++;
    return subscription;
  }

  deliver(batch: PushBatch): void {
    const subscription = this.active.get(batch.live_id);
    if (subscription !== undefined) {
      subscription.inbox.accept(batch);
      return;
    }
    const early = this.early.get(batch.live_id);
    if (early !== undefined && early.length < MAX_EARLY) early.push(batch);
  }

  audience(liveId: number, viewers: number): void {
    const subscription = this.active.get(liveId);
    if (subscription !== undefined) subscription.viewers = viewers;
  }

  /** A room has another owner, who does not know us yet. */
  roomMoved(liveId: number, epoch: number): void {
    const subscription = this.active.get(liveId);
    if (subscription === undefined || subscription.epoch === epoch) return;
    subscription.renewAtMs = 0;
    if (!subscription.renewing) void this.renew(liveId, subscription);
  }

  /** A node has come or gone, maybe with rooms of ours: ask for all of them soon. */
  nodesChanged(): void {
    for (const subscription of this.active.values()) subscription.renewAtMs = 0;
  }

  private load(liveId: number): Promise<Subscription> {
    this.early.set(liveId, []);
    const loading = this.register(liveId).finally(() => {
      this.loading.delete(liveId);
      this.early.delete(liveId);
    });
    this.loading.set(liveId, loading);
    return loading;
  }

  private async register(liveId: number): Promise<Subscription> {
    const { source } = this;
    const { epoch, last, snapshot } = await source.watch({
      live_id: liveId,
      node_id: source.nodeId,
      viewers: 1,
      epoch: 0,
    });
    const past = snapshot ?? { prev: 0, batches: [], viewers: 1 };
    const room = new HubRoom(liveId, past.prev, this.events);
    const inbox = new Inbox(
      room,
      async (after) => (await source.since({ live_id: liveId, after })).batches,
    );
    const subscription = new Subscription(room, inbox, epoch, past.viewers);
    this.active.set(liveId, subscription);
    for (const batch of past.batches) inbox.accept(batch);
    for (const batch of this.early.get(liveId) ?? []) this.deliver(batch);
    inbox.expect(last);
    return subscription;
  }

  private tick(): void {
    const now = Date.now();
    for (const [liveId, subscription] of this.active) {
      const { room, reported, renewAtMs, renewing, joining } = subscription;
      // A clock that stepped back must not let the registration run out.
      const due = now >= renewAtMs || renewAtMs - now > RENEW_MS;
      subscription.inbox.retry();
      if (room.size === 0 && joining === 0) {
        this.active.delete(liveId);
        void this.withdraw(liveId, subscription.epoch);
      } else if (!renewing && !room.ended && (room.size !== reported || due)) {
        void this.renew(liveId, subscription);
      }
    }
  }

  private async renew(liveId: number, subscription: Subscription): Promise<void> {
    const { room, inbox } = subscription;
    const { nodeId: node_id } = this.source;
    // Nobody yet, but somebody is joining: keep the registration.
    const viewers = Math.max(1, room.size);
    subscription.renewing = true;
    try {
      const { epoch } = subscription;
      const after = room.lastId;
      const answer = await this.source.watch({ live_id: liveId, node_id, viewers, epoch, after });
      subscription.reported = viewers;
      subscription.renewAtMs = Date.now() + RENEW_MS;
      subscription.epoch = answer.epoch;
      // Another owner: what it knows fills whatever was lost with the old one.
      for (const batch of answer.snapshot?.batches ?? []) inbox.accept(batch);
      inbox.expect(answer.last);
    } catch (error) {
      const name = errorName(error);
      // The news of the end was lost, maybe with the last messages; if nobody answers, once more.
      if (name === "ROOM_NOT_LIVE") await inbox.end().catch(() => {});
      else if (name === "ROOM_NOT_FOUND") room.end();
    } finally {
      subscription.renewing = false;
    }
  }

  private async withdraw(liveId: number, epoch: number): Promise<void> {
    const { nodeId: node_id } = this.source;
    try {
      await this.source.watch({ live_id: liveId, node_id, viewers: 0, epoch });
    } catch {
      // The interest expires by itself.
    }
  }
}
