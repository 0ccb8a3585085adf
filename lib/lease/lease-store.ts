/** The right to be the only one of a name for a while. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  /**
   * The fencing token: it grows whenever the name changes hands, also after an expiry or a release,
   * so whoever keeps the highest token seen can refuse those that came before. Below 2^53.
   */
  readonly token: number;
  /**
   * The lease is certainly held before this time of the caller's monotonic clock, in milliseconds. It
   * counts from before the request was sent, so the store lets it expire no earlier.
   */
  readonly untilMs: number;
  /** What was noted last under this name, by this holder or one before it; null: nothing is known. */
  readonly note: string | null;
}

/**
 * Leases by name. A lease alone cannot keep a process that was stopped for a while from doing what it
 * had in hand: what must not happen twice has to be guarded by the token where it takes effect.
 *
 * Each call can be repeated when its answer was lost: nothing changes then.
 *
 * A store that forgets everything (a Redis that is flushed) gives names away that are held. Who holds
 * one finds that out with its next renewal, and tokens still grow; a name that nobody took meanwhile
 * is renewed as if nothing had happened.
 */
export interface LeaseStore {
  /**
   * Takes a name that nobody holds; null when somebody else does. Who holds it already gets it again
   * with the same token, and with a time that starts anew; it never ends earlier than before.
   *
   * @param holder names this process, or part of it, in this life: whoever comes with the same one is
   *   taken for it
   * @param ttlMs 1 or more
   */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null>;

  /**
   * Lets the lease last for `ttlMs` from now at least. False when it is lost: released, or taken by another. A
   * lease that has expired lives on if nobody took it meanwhile.
   *
   * @param note kept for whoever takes the name next; without it the last one stays
   */
  renew(lease: Lease, ttlMs: number, note?: string): Promise<boolean>;

  /** Gives the name back at once; nothing happens when it is held no more. */
  release(lease: Lease, note?: string): Promise<void>;

  /** Who holds a name now; null when nobody does. */
  current(name: string): Promise<{ holder: string; token: number } | null>;
}

/** How long the note and the token of a name are remembered after its lease has ended: a day. */
export const REMEMBERED_MS = 86_400_000;

/** Throws a RangeError when one of them cannot be meant. */
export function checkLease(name: string, holder: string, ttlMs: number): void {
  if (name === "") throw new RangeError("a lease needs a name");
  if (holder === "") throw new RangeError("a lease needs a holder");
  if (!Number.isInteger(ttlMs) || ttlMs < 1)
    throw new RangeError(`a lease lasts a whole number of milliseconds, not ${ttlMs}`);
}
