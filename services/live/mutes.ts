import { failField } from "../../contracts/errors.ts";
import type { Mute } from "./room.ts";

/** A mute, as it is kept. */
export interface MuteRow extends Mute {
  live_id: number;
}

/** Where mutes are kept. */
export interface MuteStore {
  /** Mutes a user, or changes until when. */
  put(mute: MuteRow): Promise<void>;
  drop(liveId: number, userId: number): Promise<void>;
  /** Everybody who may not speak in a room at that time. */
  find(liveId: number, nowMs: number): Promise<Mute[]>;
  /** How many are muted in a room, not counting one. */
  countOthers(liveId: number, userId: number): Promise<number>;
  /** Removes a room's mutes whose time is over. */
  dropOver(liveId: number, nowMs: number): Promise<void>;
  dropAll(liveId: number): Promise<void>;
}

/** Users that can be muted in one room at a time: the room's actor holds all of them. */
export const MAX_MUTES = 1000;

/** Who may not speak in which room. Mutes end with the show. */
export class Mutes {
  readonly #store: MuteStore;
  readonly #most: number;

  constructor(store: MuteStore, most = MAX_MUTES) {
    this.#store = store;
    this.#most = most;
  }

  /**
   * Mutes a user for some seconds, or unmutes with 0.
   *
   * @returns until when, in Unix ms; 0 when unmuted
   * @throws ProductError BAD_REQUEST when the room has too many already
   */
  async set(liveId: number, userId: number, seconds: number, nowMs: number): Promise<number> {
    if (seconds === 0) {
      await this.#store.drop(liveId, userId);
      return 0;
    }
    await this.#store.dropOver(liveId, nowMs);
    if ((await this.#store.countOthers(liveId, userId)) >= this.#most)
      failField("user_id", `cannot be muted: ${this.#most} users are muted here already`);
    const until = nowMs + seconds * 1000;
    await this.#store.put({ live_id: liveId, user_id: userId, until_ms: until });
    return until;
  }

  async of(liveId: number, nowMs: number): Promise<Mute[]> {
    return this.#store.find(liveId, nowMs);
  }

  async dropAll(liveId: number): Promise<void> {
    await this.#store.dropAll(liveId);
  }
}
