import { ProductError } from "../../contracts/errors.ts";

export interface HashGateOptions {
  /** Hashes computed at the same time. */
  atOnce: number;
  /** Callers that may wait for their turn. */
  waiting: number;
  /** A caller that waited longer than this is refused when its turn comes, in ms. */
  patienceMs: number;
  /** A clock that only goes forward, in ms. */
  now: () => number;
}

interface Waiter {
  since: number;
  admit: () => void;
  refuse: (error: unknown) => void;
}

/**
 * Lets only so many password hashes run and wait at once. Each takes tens of milliseconds of a core
 * and 19 MiB, so without a gate a few hundred sign-ins a second would take the node down; and a hash
 * whose caller has gone away is work for nobody.
 */
export class HashGate {
  readonly #options: HashGateOptions;
  readonly #waiters: Waiter[] = [];
  #running = 0;
  /** Smoothed duration of one hash, for the advice when to come back, in ms. */
  #typicalMs = 50;

  constructor(options: HashGateOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` when it is its turn.
   *
   * @throws ProductError UNAVAILABLE with `retry_after_ms` when too many wait, or it took too long
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#options.atOnce) this.#running += 1;
    else await this.#turn();
    const start = this.#options.now();
    try {
      return await work();
    } finally {
      this.#typicalMs += (this.#options.now() - start - this.#typicalMs) / 8;
      this.#next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiters.length >= this.#options.waiting) throw this.#overload();
    return new Promise((admit, refuse) => {
      this.#waiters.push({ since: this.#options.now(), admit, refuse });
    });
  }

  /** Hands a finished hash's place to the first one who is still worth serving. */
  #next(): void {
    const oldest = this.#options.now() - this.#options.patienceMs;
    for (let waiter = this.#waiters.shift(); waiter; waiter = this.#waiters.shift()) {
      if (waiter.since >= oldest) {
        waiter.admit();
        return;
      }
      waiter.refuse(this.#overload());
    }
    this.#running -= 1;
  }

  #overload(): ProductError {
    const rounds = Math.ceil((this.#waiters.length + 1) / this.#options.atOnce);
    const retry_after_ms = Math.max(1000, Math.ceil(rounds * this.#typicalMs));
    return new ProductError("UNAVAILABLE", { retry_after_ms });
  }
}
