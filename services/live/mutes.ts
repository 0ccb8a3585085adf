import type { ModelStatic } from "sequelize";
import { failField } from "../../contracts/errors.ts";
import type { MuteModel } from "./mute.model.ts";
import * as repo from "./mute.repo.ts";
import type { Mute } from "./room.ts";

/** Users that can be muted in one room at a time: the room's actor holds all of them. */
export const MAX_MUTES = 1000;

/** Who may not speak in which room. Mutes end with the show. */
export class Mutes {
  readonly #model: ModelStatic<MuteModel>;
  readonly #most: number;

  constructor(model: ModelStatic<MuteModel>, most = MAX_MUTES) {
    this.#model = model;
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
      await repo.dropMute(this.#model, liveId, userId);
      return 0;
    }
    await repo.dropMutes(this.#model, liveId, nowMs);
    if ((await repo.countOthers(this.#model, liveId, userId)) >= this.#most)
      failField("user_id", `cannot be muted: ${this.#most} users are muted here already`);
    const until = nowMs + seconds * 1000;
    await repo.putMute(this.#model, { live_id: liveId, user_id: userId, until_ms: until });
    return until;
  }

  async of(liveId: number, nowMs: number): Promise<Mute[]> {
    return repo.findMutes(this.#model, liveId, nowMs);
  }

  async dropAll(liveId: number): Promise<void> {
    await repo.dropMutes(this.#model, liveId);
  }
}
