/** Counts what is in progress, so that a stop can wait for it. */
export class Serving {
  private count = 0;
  private idle: (() => void) | null = null;

  async during(work: () => Promise<unknown>): Promise<void> {
    this.count++;
    try {
      await work();
    } finally {
      this.count--;
      if (this.count === 0) this.idle?.();
    }
  }

  /** Resolves when nothing is in progress any more, or after `patienceMs`. */
  whenIdle(patienceMs: number): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const overdue = setTimeout(resolve, patienceMs);
      this.idle = () => {
        clearTimeout(overdue);
        resolve();
      };
    });
  }
}
