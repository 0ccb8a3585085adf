export interface ClaimPorts {
  /** Rooms that video comes into now. */
  streaming(): number[];
  /** Claims these rooms for a while, or longer; answers those that may go on. */
  keep(liveIds: number[]): Promise<number[]>;
  /** Gives rooms back. */
  end(liveIds: number[]): Promise<void>;
  /** A room is not ours: its show is over, or somebody else publishes in it. */
  lost(liveId: number): void;
  failed(error: unknown): void;
}

/**
 * Keeps `live` informed of where video comes in. One round at a time, and each tells how things are by
 * then: so news never overtake one another, and what failed is made good by the next round.
 */
export class StreamClaims {
  readonly #ports: ClaimPorts;
  /** Rooms that may be ours, as far as we know. */
  readonly #claimed = new Set<number>();
  #round: Promise<void> | null = null;
  #again = false;

  constructor(ports: ClaimPorts) {
    this.#ports = ports;
  }

  /** Begins a round, or another one after the one that runs. Resolves after it; never rejects. */
  tell(): Promise<void> {
    if (this.#round !== null) this.#again = true;
    this.#round ??= this.#run().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#tellOnce();
      } catch (error) {
        this.#ports.failed(error);
      }
    } while (this.#again);
  }

  async #tellOnce(): Promise<void> {
    const { streaming, keep, end, lost } = this.#ports;
    const rooms = streaming();
    const over = [...this.#claimed].filter((room) => !rooms.includes(room));
    if (over.length > 0) {
      await end(over);
      for (const room of over) this.#claimed.delete(room);
    }
    if (rooms.length === 0) return;
    for (const room of rooms) this.#claimed.add(room);
    const kept = new Set(await keep(rooms));
    for (const room of rooms) {
      if (kept.has(room)) continue;
      this.#claimed.delete(room);
      lost(room);
    }
  }
}
