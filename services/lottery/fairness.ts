import { createHash, createHmac, hash } from "node:crypto";
import { SmallestScores } from "./smallest-scores.ts";

/** Bytes of a lottery's secret. */
export const SEED_BYTES = 32;

/** What a draw is made of, besides those who take part. */
export interface DrawOrder {
  lottery_id: number;
  /** How many are to win, at least 1. */
  count: number;
  /** 32 secret bytes, hex. */
  seed: string;
  /** The randomness of the drand round fixed at creation, hex; empty without a beacon. */
  beacon: string;
}

/** What comes of a draw. */
export interface DrawOutcome {
  /** Hex SHA-256 of the entrants. */
  entries_digest: string;
  /** How many took part. */
  entrants: number;
  /** User ids, best score first. */
  winners: number[];
}

/** What is shown when a lottery is made, so that its seed cannot be changed later. */
export function commitmentOf(seed: string): string {
  return hash("sha256", seedBytes(seed));
}

/** SHA-256 over the entrants' ids in decimal, joined by commas; takes them page by page. */
export class EntriesDigest {
  readonly #hash = createHash("sha256");
  #last = 0;
  #entrants = 0;

  /** How many have been added. */
  get entrants(): number {
    return this.#entrants;
  }

  /**
   * @param ids positive integers below 2^53, ascending, above all that were added before
   * @throws RangeError otherwise: an order of their own would give the same entrants another digest
   */
  add(ids: Float64Array): void {
    if (ids.length === 0) return;
    for (const id of ids) {
      if (!Number.isSafeInteger(id) || id <= this.#last)
        throw new RangeError(`entrants must ascend and be unique: ${id} came after ${this.#last}`);
      this.#last = id;
    }
    this.#hash.update(`${this.#entrants === 0 ? "" : ","}${ids.join(",")}`);
    this.#entrants += ids.length;
  }

  /** The digest of all that were added; nothing can be added afterwards. */
  hex(): string {
    return this.#hash.digest("hex");
  }
}

/** What scores are made with: nobody knows it before the entrants are frozen. */
export function drawKeyOf(order: Omit<DrawOrder, "count">, entriesDigest: string): Buffer {
  const message = `molimoli-lottery-v1|${order.lottery_id}|${entriesDigest}|${order.beacon}`;
  return createHmac("sha256", seedBytes(order.seed)).update(message).digest();
}

/** Scores the entrants of one draw: SHA-256 of the key and the id, unsigned 64-bit big-endian. */
export function scorer(drawKey: Buffer): (userId: number) => Buffer {
  const message = Buffer.alloc(drawKey.length + 8);
  drawKey.copy(message);
  return (userId) => {
    message.writeUInt32BE(Math.floor(userId / 2 ** 32), drawKey.length);
    message.writeUInt32BE(userId % 2 ** 32, drawKey.length + 4);
    return hash("sha256", message, "buffer");
  };
}

/**
 * Draws among entrants who fit into memory, in any order; repeats count once.
 *
 * @throws RangeError when a number is out of its range
 */
export function drawAmong(order: DrawOrder, entrants: Iterable<number>): DrawOutcome {
  const ids = Float64Array.from(new Set(entrants)).sort();
  const digest = new EntriesDigest();
  digest.add(ids);
  const entries_digest = digest.hex();
  const scoreOf = scorer(drawKeyOf(order, entries_digest));
  const smallest = new SmallestScores(order.count);
  for (const id of ids) smallest.offer(id, scoreOf(id));
  return { entries_digest, entrants: ids.length, winners: smallest.ids() };
}

function seedBytes(seed: string): Buffer {
  if (!/^[0-9a-f]{64}$/.test(seed)) throw new RangeError(`a seed is ${SEED_BYTES} bytes in hex`);
  return Buffer.from(seed, "hex");
}
