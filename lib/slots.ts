/** Lets so many jobs run at a time, in the order they came; the rest wait, up to a limit. */
export interface Slots {
  /** @throws SlotsFullError at once when too many wait already; else whatever the job throws */
  run<T>(job: () => Promise<T>): Promise<T>;
  /** Jobs that run or wait. */
  readonly pending: number;
}

/** Too many jobs wait already; the job was not taken and may be offered again later. */
export class SlotsFullError extends Error {
  constructor(limit: number) {
    super(`${limit} jobs are waiting`);
    this.name = "SlotsFullError";
  }
}

/**
 * @param options.running jobs at a time, at least 1
 * @param options.waiting jobs that may wait beside them, at least 0
 */
export function createSlots(options: { running: number; waiting: number }): Slots {
  const queue: (() => void)[] = [];
  let running = 0;

  /** Resolves when it is this job's turn; the slot is then taken. */
  function turn(): Promise<void> | void {
    if (running < options.running) {
      running += 1;
      return;
    }
    if (queue.length >= options.waiting) throw new SlotsFullError(options.waiting);
    return new Promise((resolve) => queue.push(resolve));
  }

  /** The slot goes to the next in the queue, if there is one. */
  function leave(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return {
    async run(job) {
      await turn();
      try {
        return await job();
      } finally {
        leave();
      }
    },
    get pending() {
      return running + queue.length;
    },
  };
}
