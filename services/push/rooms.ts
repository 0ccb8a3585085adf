import type { Config } from "../../contracts/config.ts";
import { type ActorPorts, RoomActor } from "./actor.ts";
import { undone } from "./at-owner.ts";
import type { Hold } from "./ownership.ts";
import type { RoomState } from "./room.ts";

/** What a room is made of when it wakes up on this node. */
export interface LoadedRoom {
  state: RoomState;
  hold: Hold;
  /** The last id that a new owner would know of without us. */
  remembered: number;
}

/**
 * Claims a room and makes its state.
 *
 * @param lost to be called when another node has become the owner
 * @throws ROOM_NOT_FOUND, OwnedElsewhere
 */
export type LoadRoom = (liveId: number, lost: () => void) => Promise<LoadedRoom>;

/** The rooms that live on this node, loaded when first asked for. */
export class Rooms {
  private readonly actors = new Map<number, RoomActor>();
  /** One load per room at a time, however many ask. */
  private readonly loading = new Map<number, Promise<RoomActor>>();
  private readonly leaving = new Map<number, Promise<void>>();
  /** Whose turn it is to be looked after. */
  private turn: MapIterator<[number, RoomActor]> = this.actors.entries();
  /** Rooms that were not looked after yet, times the parts of a sweep. */
  private owed = 0;
  private readonly load: LoadRoom;
  private readonly ports: ActorPorts;
  private closed = false;

  constructor(load: LoadRoom, ports: ActorPorts) {
    this.load = load;
    this.ports = ports;
  }

  /**
   * Tells a room in memory what happened to it. One that is just waking up is told as soon as it is
   * awake, since its card may have been read before; one that sleeps will read it.
   */
  tell(liveId: number, news: (actor: RoomActor) => void): void {
    const actor = this.actors.get(liveId);
    if (actor !== undefined) news(actor);
    else this.loading.get(liveId)?.then(news, () => {});
  }

  get(liveId: number): RoomActor | Promise<RoomActor> {
    return this.actors.get(liveId) ?? this.loading.get(liveId) ?? this.wake(liveId);
  }

  /** A room that wakes while the node stops would find the services gone that it is loaded from. */
  private wake(liveId: number): Promise<RoomActor> {
    if (this.closed) return Promise.reject(undone());
    let lost = false;
    let actor: RoomActor | null = null;
    const forget = () => {
      lost = true;
      actor?.abandon();
      if (actor !== null && this.actors.get(liveId) === actor) this.actors.delete(liveId);
    };
    // Its last life must have let go, or this one would be taken for another owner.
    const leaving = this.leaving.get(liveId);
    const load = () => this.load(liveId, forget);
    const waking = (leaving === undefined ? load() : leaving.then(load))
      .then(({ state, hold, remembered }) => {
        if (lost) throw undone();
        actor = new RoomActor(state, this.ports, { hold, remembered, fenced: forget });
        this.actors.set(liveId, actor);
        return actor;
      })
      .finally(() => this.loading.delete(liveId));
    this.loading.set(liveId, waking);
    return waking;
  }

  /** All rooms that are awake here. */
  awake(): Iterable<RoomActor> {
    return this.actors.values();
  }

  /**
   * Drops silent gateways, keeps counters, looks for news that was lost, and lets idle rooms go; of one
   * part of the rooms, the next one with the next call.
   *
   * @param parts calls that it takes to come to all of them
   */
  sweep(nowMs: number, parts = 1): void {
    this.owed += this.actors.size;
    for (; this.owed >= parts; this.owed -= parts) {
      const next = this.turn.next().value ?? this.firstAgain();
      if (next !== undefined) this.sweepOne(next, nowMs);
    }
  }

  /** All have had their turn. Entries that come and go do not confuse an iterator of a Map. */
  private firstAgain(): [number, RoomActor] | undefined {
    this.turn = this.actors.entries();
    return this.turn.next().value;
  }

  private sweepOne([liveId, actor]: [number, RoomActor], nowMs: number): void {
    actor.apply({ kind: "sweep", now_ms: nowMs });
    if (actor.isIdle(nowMs)) {
      this.actors.delete(liveId);
      const left = actor.close().finally(() => this.leaving.delete(liveId));
      this.leaving.set(liveId, left);
    } else {
      void actor.count();
      void actor.look(nowMs);
    }
  }

  configure(config: Config, nowMs: number): void {
    for (const actor of this.actors.values())
      actor.apply({ kind: "configure", now_ms: nowMs, config });
  }

  /** Lets no room wake any more, and lets those go that are awake or about to be. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.loading.values());
    await Promise.all([...this.actors.values()].map((actor) => actor.close()));
    await Promise.all(this.leaving.values());
    this.actors.clear();
  }
}
