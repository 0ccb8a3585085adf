import { type DrawOrder, type DrawOutcome, drawKeyOf, EntriesDigest, scorer } from "./fairness.ts";
import { SmallestScores } from "./smallest-scores.ts";

/** Entrants that are kept between the passes (128 KiB); more than these are read twice. */
export const KEPT_ENTRANTS = 16_384;

/**
 * One draw in bounded memory. Scores need a key that needs the digest of all entrants, so entrants
 * are passed over twice: once for the digest, once for the scores. When they are few the second pass
 * is made over the ones kept from the first; otherwise the caller has to add them all again.
 */
export class Tally {
  readonly #order: DrawOrder;
  #digest = new EntriesDigest();
  /** Null as soon as they are too many. */
  #kept: Float64Array[] | null = [];
  /** Only in the second pass. */
  #scores: Scores | null = null;

  constructor(order: DrawOrder) {
    this.#order = order;
  }

  /** @throws RangeError when ids do not ascend, over all pages of a pass */
  add(ids: Float64Array): void {
    this.#digest.add(ids);
    this.#scores?.offer(ids);
    if (this.#digest.entrants > KEPT_ENTRANTS) this.#kept = null;
    else this.#kept?.push(ids);
  }

  /**
   * Ends a pass: answers the outcome, or null when all entrants have to be added once more.
   *
   * @throws Error when the second pass was not over the same entrants as the first
   */
  endPass(): DrawOutcome | null {
    const { entrants } = this.#digest;
    const entriesDigest = this.#digest.hex();
    if (this.#scores !== null) return this.#scores.outcome(entriesDigest, entrants);

    this.#scores = new Scores(this.#order, entriesDigest);
    this.#digest = new EntriesDigest();
    if (this.#kept === null) return null;
    for (const ids of this.#kept) this.#scores.offer(ids);
    return this.#scores.outcome(entriesDigest, entrants);
  }
}

/** The second pass. */
class Scores {
  readonly #entriesDigest: string;
  readonly #scoreOf: (id: number) => Buffer;
  readonly #smallest: SmallestScores;

  constructor(order: DrawOrder, entriesDigest: string) {
    this.#entriesDigest = entriesDigest;
    this.#scoreOf = scorer(drawKeyOf(order, entriesDigest));
    this.#smallest = new SmallestScores(order.count);
  }

  offer(ids: Float64Array): void {
    for (const id of ids) this.#smallest.offer(id, this.#scoreOf(id));
  }

  outcome(entries_digest: string, entrants: number): DrawOutcome {
    if (entries_digest !== this.#entriesDigest)
      throw new Error("the entrants changed while the winners were drawn");
    return { entries_digest, entrants, winners: this.#smallest.ids() };
  }
}
