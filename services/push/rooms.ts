import type { Config } from "../../contracts/config.ts";
import { ProductError } from "../../contracts/errors.ts";
import { type ActorPorts, RoomActor } from "./actor.ts";
import type { RoomState } from "./room.ts";

/** The rooms that live on this node, loaded when first asked for. */
export class Rooms {
  private readonly actors = new Map<number, RoomActor>();
  /** One load per room at a time, however many ask. */
  private readonly loading = new Map<number, Promise<RoomActor>>();
  private readonly load: (liveId: number) => Promise<RoomState>;
  private readonly ports: ActorPorts;
  private closed = false;

  /** @param load makes a room's state, or throws ROOM_NOT_FOUND */
  constructor(load: (liveId: number) => Promise<RoomState>, ports: ActorPorts) {
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
    if (this.closed) return Promise.reject(stopping());
    const waking = this.load(liveId)
      .then((state) => {
        const actor = new RoomActor(state, this.ports);
        this.actors.set(liveId, actor);
        return actor;
      })
      .finally(() => this.loading.delete(liveId));
    this.loading.set(liveId, waking);
    return waking;
  }

  /** Drops silent gateways, keeps counters, and lets idle rooms go. */
  sweep(nowMs: number): void {
    for (const [liveId, actor] of this.actors) {
      actor.apply({ kind: "sweep", now_ms: nowMs });
      if (actor.isIdle(nowMs)) {
        this.actors.delete(liveId);
        void actor.close();
      } else {
        void actor.count();
      }
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
    this.actors.clear();
  }
}

function stopping(): ProductError {
  return new ProductError("UNAVAILABLE", { retry_after_ms: 1000 });
}
