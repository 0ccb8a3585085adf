/** Where a cache is kept: in this process or in Redis. Any of these may fail or take its time. */
export interface CacheBackend {
  /** What is there, by key. */
  get(keys: readonly string[]): Promise<Map<string, unknown>>;
  /** Keeps values that JSON can carry, each for that long unless something pushes it out before. */
  set(values: ReadonlyMap<string, unknown>, ttlMs: number): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
}
