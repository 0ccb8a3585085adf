/**
 * A map for what comes and goes quickly: it lets a value go the moment the value is deleted.
 *
 * V8 makes a new table for a Map that much is added to and deleted from, and leaves in each old table
 * a link to the next. When one of them happens to get into the old generation, the young collector
 * keeps all that follow it, each with the entries it had when it was left. At 4,000 requests a second
 * that was every request with all that belongs to it, 10 MB in each collection, until the next full
 * one; pauses of 20 ms are 3 ms without (docs/benchmarks.md). Here those tables only have empty boxes.
 */
export class ChurnMap<K, V> {
  readonly #boxes = new Map<K, { value: V | undefined }>();

  get size(): number {
    return this.#boxes.size;
  }

  has(key: K): boolean {
    return this.#boxes.has(key);
  }

  get(key: K): V | undefined {
    return this.#boxes.get(key)?.value;
  }

  set(key: K, value: V): this {
    const box = this.#boxes.get(key);
    if (box === undefined) this.#boxes.set(key, { value });
    else box.value = value;
    return this;
  }

  delete(key: K): boolean {
    const box = this.#boxes.get(key);
    if (box === undefined) return false;
    box.value = undefined;
    return this.#boxes.delete(key);
  }

  clear(): void {
    for (const key of this.#boxes.keys()) this.delete(key);
  }

  /** In the order they were set; what is deleted meanwhile is left out. */
  forEach(visit: (value: V, key: K) => void): void {
    for (const [key, { value }] of this.#boxes) visit(value as V, key);
  }

  *values(): Generator<V> {
    for (const { value } of this.#boxes.values()) yield value as V;
  }
}
