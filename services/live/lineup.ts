/**
 * The rooms that are live now, in the order of the list: by viewers, then the newest first (ids grow
 * with time).
 *
 * Viewers change every second and are known in memory only, so the database cannot sort by them.
 * But the ids of all live rooms fit easily (there is one per streamer), so this keeps the whole
 * order, and a page costs one look-up of its own rows, however deep it is. Events keep it up to date;
 * since an event may be lost, the ids are compared with the database from time to time.
 */
export class Lineup {
  readonly #live = new Set<number>();
  /** Only of rooms that have viewers. */
  readonly #viewers = new Map<number, number>();
  #order: number[] = [];
  #isSorted = true;

  get size(): number {
    return this.#live.size;
  }

  opened(id: number): void {
    if (this.#live.has(id)) return;
    this.#live.add(id);
    this.#order.push(id);
    this.#isSorted = false;
  }

  ended(id: number): void {
    this.#viewers.delete(id);
    if (!this.#live.delete(id)) return;
    this.#order = this.#order.filter((other) => other !== id);
  }

  audience(id: number, viewers: number): void {
    if (viewers === this.viewers(id)) return;
    if (viewers > 0) this.#viewers.set(id, viewers);
    else this.#viewers.delete(id);
    this.#isSorted = false;
  }

  /** How many watch a room. */
  viewers(id: number): number {
    return this.#viewers.get(id) ?? 0;
  }

  /** Ids of the rooms at these places of the list. */
  page(offset: number, limit: number): number[] {
    if (!this.#isSorted) {
      // Nearly sorted already, which is what the engine's sort is fastest at.
      this.#order.sort((a, b) => this.viewers(b) - this.viewers(a) || b - a);
      this.#isSorted = true;
    }
    return this.#order.slice(offset, offset + limit);
  }

  /** The ids as they are now, for {@link reconcile}. */
  ids(): ReadonlySet<number> {
    return new Set(this.#live);
  }

  /**
   * Corrects what lost events left wrong.
   *
   * @param before what {@link ids} answered before the database was asked: an event that came since
   *   is newer than the database's answer
   * @param stored ids of the rooms that are live by the database
   */
  reconcile(before: ReadonlySet<number>, stored: readonly number[]): void {
    const present = new Set(stored);
    for (const id of before) if (!present.has(id)) this.ended(id);
    for (const id of present) if (!before.has(id)) this.opened(id);
    for (const id of this.#viewers.keys()) if (!this.#live.has(id)) this.#viewers.delete(id);
  }
}
