import { checkLease, type Lease, type LeaseStore, REMEMBERED_MS } from "./lease-store.ts";

interface Entry {
  /** "" once it was released. */
  holder: string;
  token: number;
  untilMs: number;
  note: string | null;
}

/** Names among which those that nobody needs to remember are not looked for. */
const FEW = 1024;

/** Leases of parts of this process. */
export class MemoryLeaseStore implements LeaseStore {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;
  private lastToken = 0;
  private sweepAt = FEW;

  /** @param now monotonic milliseconds, as `performance.now()` */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | null> {
    checkLease(name, holder, ttlMs);
    const now = this.now();
    const entry = this.entries.get(name);
    const held = entry !== undefined && entry.untilMs > now;
    if (held && entry.holder !== holder) return null;
    const token = held ? entry.token : this.nextToken(now);
    const note = entry?.note ?? null;
    const untilMs = now + ttlMs;
    this.sweep(now);
    this.entries.set(name, {
      holder,
      token,
      note,
      untilMs: Math.max(untilMs, entry?.untilMs ?? 0),
    });
    return { name, holder, token, untilMs, note };
  }

  async renew(lease: Lease, ttlMs: number, note?: string): Promise<boolean> {
    checkLease(lease.name, lease.holder, ttlMs);
    const entry = this.mine(lease);
    if (entry === null) return false;
    entry.untilMs = Math.max(entry.untilMs, this.now() + ttlMs);
    if (note !== undefined) entry.note = note;
    return true;
  }

  async release(lease: Lease, note?: string): Promise<void> {
    const entry = this.mine(lease);
    if (entry === null) return;
    entry.holder = "";
    entry.untilMs = this.now();
    if (note !== undefined) entry.note = note;
  }

  async current(name: string): Promise<{ holder: string; token: number } | null> {
    const entry = this.entries.get(name);
    if (entry === undefined || entry.untilMs <= this.now()) return null;
    return { holder: entry.holder, token: entry.token };
  }

  /** Names held or remembered. */
  get size(): number {
    return this.entries.size;
  }

  private mine({ name, holder, token }: Lease): Entry | null {
    const entry = this.entries.get(name);
    return entry?.token === token && entry.holder === holder ? entry : null;
  }

  /** One sequence for all names, starting at the time of day in microseconds: also above a past life. */
  private nextToken(now: number): number {
    const micros = Math.floor((performance.timeOrigin + now) * 1000);
    this.lastToken = Math.max(this.lastToken + 1, micros);
    return this.lastToken;
  }

  /** Looks at all names whenever they have doubled in number. */
  private sweep(now: number): void {
    if (this.entries.size < this.sweepAt) return;
    for (const [name, entry] of this.entries)
      if (entry.untilMs + REMEMBERED_MS <= now) this.entries.delete(name);
    this.sweepAt = Math.max(FEW, this.entries.size * 2);
  }
}
