/** What a room says of who sends video there. */
export interface StreamClaim {
  /** The room. */
  id: number;
  /** Unix seconds; 0 while the show is on. */
  end_time: number;
  /** The media node that sends; "" when nobody ever has. */
  stream_by: string;
  /** Unix ms; who does not renew the claim until then has lost it. */
  stream_until: number;
}

/** Where it is kept which rooms video comes into. */
export interface StreamStore {
  /** What the room with that stream key says; null when there is none. */
  findByKey(key: string): Promise<StreamClaim | null>;
  /** Claims open rooms that nobody else holds, or renews claims; answers those that are the holder's. */
  keep(ids: number[], holder: string, nowMs: number, untilMs: number): Promise<number[]>;
  /** Ends the holder's claims to these rooms. */
  end(ids: number[], holder: string): Promise<void>;
  /** Ends everybody's claims to rooms that are open. */
  endAll(): Promise<void>;
}

/** A claim that is not renewed lasts so long, in milliseconds: a node that died shows no video any more. */
export const CLAIM_MS = 10_000;

/** Into which rooms video comes, by whose claim: one at a time for each room. */
export class Streams {
  readonly #store: StreamStore;

  constructor(store: StreamStore) {
    this.#store = store;
  }

  /** The room that a stream key opens for a holder; or why it opens none. */
  async admit(
    key: string,
    holder: string,
    nowMs: number,
  ): Promise<{ live_id: number } | { refused: "unknown" | "taken" }> {
    const claim = await this.#store.findByKey(key);
    if (claim === null || claim.end_time !== 0) return { refused: "unknown" };
    return isTaken(claim, holder, nowMs) ? { refused: "taken" } : { live_id: claim.id };
  }

  /** Those of the rooms that the holder may go on sending to. */
  keep(liveIds: number[], holder: string, nowMs: number): Promise<number[]> {
    return this.#store.keep(liveIds, holder, nowMs, nowMs + CLAIM_MS);
  }

  end(liveIds: number[], holder: string): Promise<void> {
    return this.#store.end(liveIds, holder);
  }

  endAll(): Promise<void> {
    return this.#store.endAll();
  }
}

/** Whether somebody else sends video to a room. */
export function isTaken(claim: StreamClaim, holder: string, nowMs: number): boolean {
  return claim.stream_by !== holder && claim.stream_until > nowMs;
}
