/** What `live` answers about a stream key. */
export type Admission = { live_id: number } | { refused: "unknown" | "taken" };

/** Why somebody may not publish: `gone` before there was an answer. */
export type Refusal = "unknown" | "taken" | "gone";

/** Stream keys, as rooms get them: 24 random bytes in base64url. */
const STREAM_KEY = /^[A-Za-z0-9_-]{32}$/;

export function isStreamKey(name: string): boolean {
  return STREAM_KEY.test(name);
}

/** Who publishes here, by session: one in each room. */
export class Publishers {
  /** Sessions that wait for an answer. */
  readonly #waiting = new Set<string>();
  readonly #rooms = new Map<string, number>();
  readonly #sessions = new Map<number, string>();
  /** Rooms that pictures have come into. */
  readonly #streaming = new Set<number>();

  /** Somebody asks; what comes of it says {@link admit}. */
  wish(session: string): void {
    this.#waiting.add(session);
  }

  /** Lets a session publish; null when it may. The first of a room stays. */
  admit(session: string, admission: Admission): Refusal | null {
    if (!this.#waiting.delete(session)) return "gone";
    if ("refused" in admission) return admission.refused;
    const { live_id } = admission;
    if (this.#sessions.has(live_id)) return "taken";
    this.#rooms.set(session, live_id);
    this.#sessions.set(live_id, session);
    return null;
  }

  /** The room that pictures of a session come into now; null when it may not publish. */
  video(session: string): number | null {
    const room = this.#rooms.get(session) ?? null;
    if (room !== null) this.#streaming.add(room);
    return room;
  }

  /** The room of a session that is over; null when it had none. */
  left(session: string): number | null {
    this.#waiting.delete(session);
    const room = this.#rooms.get(session) ?? null;
    if (room === null) return null;
    this.#rooms.delete(session);
    this.#sessions.delete(room);
    this.#streaming.delete(room);
    return room;
  }

  /** All sessions are over. */
  clear(): void {
    this.#waiting.clear();
    this.#rooms.clear();
    this.#sessions.clear();
    this.#streaming.clear();
  }

  /** Who publishes in a room. */
  sessionOf(liveId: number): string | null {
    return this.#sessions.get(liveId) ?? null;
  }

  /** Rooms that video comes into. */
  streaming(): number[] {
    return [...this.#streaming];
  }
}
