import { BaseError, type Sequelize } from "sequelize";
import { isUnreachable } from "./failure.ts";

/** How long a replica that could not be reached is left alone, in ms. */
const AWAY_MS = 5_000;

export interface ReplicasOptions {
  primary: Sequelize;
  replicas: readonly Sequelize[];
  now(): number;
  /** A replica could not be reached; it is left alone for a while. */
  away(error: unknown): void;
}

/**
 * Where to read what may be a little old: from the replicas in turn, and from the primary when there
 * are none or none can be reached.
 */
export class Replicas {
  readonly #options: ReplicasOptions;
  /** When each may be asked again. */
  readonly #backAt: number[];
  #turn = 0;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.#backAt = options.replicas.map(() => Number.NEGATIVE_INFINITY);
  }

  /** Reads, elsewhere if the first choice cannot be reached. Nothing may be written. */
  async read<T>(read: (database: Sequelize) => Promise<T>): Promise<T> {
    const { primary, replicas, now, away } = this.#options;
    for (let tried = 0; tried < replicas.length; tried++) {
      const index = this.#turn++ % replicas.length;
      if (now() < (this.#backAt[index] as number)) continue;
      try {
        return await read(replicas[index] as Sequelize);
      } catch (error) {
        // Neither out of reach nor behind a change of the schema: it would be the same elsewhere.
        if (!(error instanceof BaseError)) throw error;
        if (!isUnreachable(error)) continue;
        this.#backAt[index] = now() + AWAY_MS;
        away(error);
      }
    }
    return read(primary);
  }

  async close(): Promise<void> {
    await Promise.all(this.#options.replicas.map((replica) => replica.close()));
  }
}
