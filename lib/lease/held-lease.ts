import type { LeaseStore } from "./lease-store.ts";

/** A lease that is kept: renewed in the background until it is lost or released. */
export interface HeldLease {
  readonly name: string;
  readonly token: number;
  /** What was noted under the name before. */
  readonly note: string | null;
  /**
   * True only while nobody else can hold the name, as far as clocks can tell: to be asked right before
   * anything that only the holder may do. Turns false by itself when the store cannot be reached or
   * this process stood still for too long, and true again once the lease could still be renewed.
   */
  isHeld(): boolean;
  /** Renews now; answers whether that succeeded. Never rejects. */
  renew(): Promise<boolean>;
  /** Gives the name back; from the call on it is not held. Where that fails the lease expires. */
  release(note?: string): Promise<void>;
}

export interface HoldOptions {
  /** How long the store keeps the name for us after the last renewal, in milliseconds. */
  ttlMs: number;
  /** Time between renewals; a third of `ttlMs` when left out. */
  everyMs?: number;
  /**
   * How much earlier than the store we take the lease for expired; a tenth of `ttlMs` when left out.
   * Covers clocks that run at different speeds, and what is done after `isHeld()` was asked.
   */
  marginMs?: number;
  /** Called before each renewal: what to leave under the name. */
  note?: () => string;
  /** A renewal with this note has succeeded. */
  renewed?: (note: string | undefined) => void;
  /** The name belongs to somebody else. Called once, and never after `release()`. */
  onLost?: () => void;
  /** Monotonic milliseconds: the same clock as the store's. */
  now?: () => number;
}

/** A renewal that failed is tried again after a tenth of the lease, in these bounds of milliseconds. */
const RETRY_MS = { least: 50, most: 1_000 };

/** Takes a name and keeps it; null when somebody else holds it. */
export async function holdLease(
  store: LeaseStore,
  name: string,
  holder: string,
  options: HoldOptions,
): Promise<HeldLease | null> {
  const { ttlMs, now = () => performance.now() } = options;
  const { everyMs = ttlMs / 3, marginMs = ttlMs / 10 } = options;
  const retryMs = Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, ttlMs / 10));

  const lease = await store.acquire(name, holder, ttlMs);
  if (lease === null) return null;
  let { untilMs } = lease;
  let over = false;
  let renewing: Promise<boolean> | null = null;
  let timer: NodeJS.Timeout;
  schedule(everyMs);

  function schedule(delayMs: number): void {
    clearTimeout(timer);
    if (!over) timer = setTimeout(renew, delayMs).unref();
  }

  function renew(): Promise<boolean> {
    if (over) return Promise.resolve(false);
    renewing ??= renewOnce().finally(() => {
      renewing = null;
    });
    return renewing;
  }

  async function renewOnce(): Promise<boolean> {
    const sentMs = now();
    const note = options.note?.();
    const answer = await ask(note);
    if (over) return false;
    if (answer === "lost") {
      end();
      options.onLost?.();
      return false;
    }
    if (answer === "renewed") {
      untilMs = sentMs + ttlMs;
      options.renewed?.(note);
    }
    schedule(answer === "renewed" ? everyMs : retryMs);
    return answer === "renewed";
  }

  async function ask(note: string | undefined): Promise<"renewed" | "lost" | "unknown"> {
    try {
      const renewed = lease !== null && (await store.renew(lease, ttlMs, note));
      return renewed ? "renewed" : "lost";
    } catch {
      return "unknown";
    }
  }

  function end(): void {
    over = true;
    clearTimeout(timer);
  }

  return {
    name,
    token: lease.token,
    note: lease.note,
    isHeld: () => !over && now() < untilMs - marginMs,
    renew,
    async release(note) {
      if (over) return;
      end();
      await store.release(lease, note).catch(() => {});
    },
  };
}
