/** Milliseconds before the first restart, and at most. */
export const RESTART_MS = { least: 100, most: 10_000 };
/** Whoever has lived that long, in milliseconds, did not die of its start. */
export const STEADY_MS = 60_000;

/** How long to wait before something that ended is started again: longer each time it ends young. */
export class RestartPace {
  #wait = 0;

  /** @param livedMs how long it lived this time */
  next(livedMs: number): number {
    this.#wait =
      livedMs >= STEADY_MS || this.#wait === 0
        ? RESTART_MS.least
        : Math.min(this.#wait * 2, RESTART_MS.most);
    return this.#wait;
  }
}
