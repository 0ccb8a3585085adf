import { setTimeout as pause } from "node:timers/promises";
import type { PushBatch } from "../../contracts/events.ts";
import { lastIdOf, type StoredTail } from "../../lib/tail-store/tail-store.ts";

/** Keeps batches; as `keepBatches` of lib/tail-store. Rejects while the store cannot be reached. */
export type Remember = (
  room: { liveId: number; token: number },
  batches: PushBatch[],
  whole: () => StoredTail,
) => Promise<"ok" | "fenced">;

export interface OutboxPorts {
  room: { liveId: number; token: number };
  /** The last id that is remembered already. */
  last: number;
  /** Null: nothing has to be remembered before it is sent. */
  remember: Remember | null;
  /** All that the owner remembers, for a store that has forgotten it. */
  whole(): StoredTail;
  /** Whether anybody is waiting for what is sent. */
  isWatched(): boolean;
  emit(batch: PushBatch): void;
  /** The room has another owner: nothing is sent any more. */
  fenced(): void;
}

/** A timer that nothing else waits for does not keep the process. */
const UNHELD = { ref: false };

/** A batch on its way, and the part of it that has to be remembered. */
interface Parcel {
  batch: PushBatch;
  kept: PushBatch | null;
}

/** Between two attempts to reach the store, in milliseconds. */
const AGAIN_MS = 200;
/** A room that closes waits this long for the store. */
const CLOSE_MS = 3_000;
/** Who comes to watch waits this long for the store; what it has not taken by then comes live. */
const SETTLE_MS = 200;
/**
 * While nobody watches, batches are remembered together, since each way to the store costs more than
 * what it carries (docs/benchmarks.md): those of so many ms, or of so many messages.
 */
const GATHER_MS = 500;
const GATHER_MESSAGES = 50;
/** Batches remembered at once, at most; one has 128 Ki characters at most, mostly far less. */
const AT_ONCE = 32;

/**
 * The way of a room's batches to the gateways: each is remembered before it is sent, in order. So a
 * new owner knows everything that any viewer has seen, and the store's fencing token decides which of
 * two who both believe to be the owner reaches viewers at all.
 */
export class Outbox {
  private readonly ports: OutboxPorts;
  private waiting: Parcel[] = [];
  /** Sends until nothing waits; null when nothing does. */
  private sending: Promise<void> | null = null;
  /** Ends the gathering; null while none is under way. */
  private gathered: (() => void) | null = null;
  /** Somebody waits for what is on its way: nothing of it is gathered. */
  private isUrgent = false;
  private messages = 0;
  private over = false;
  /** The last id that was remembered; gateways know of nothing after it. */
  last: number;

  constructor(ports: OutboxPorts) {
    this.ports = ports;
    this.last = ports.last;
  }

  /** @param kept the part of the batch that has to be remembered; null when it has no messages */
  send(batch: PushBatch, kept: PushBatch | null): void {
    if (this.over) return;
    if (this.ports.remember === null) {
      if (kept !== null) this.last = lastIdOf(kept);
      this.ports.emit(batch);
    } else if (kept === null && this.sending === null) this.ports.emit(batch);
    else {
      this.waiting.push({ batch, kept });
      this.messages += kept?.ids.length ?? 0;
      if (this.messages >= GATHER_MESSAGES) this.gathered?.();
      this.sending ??= this.sendWaiting();
    }
  }

  /** Somebody has come to watch: what was gathered is sent now. */
  hurry(): void {
    this.isUrgent = this.sending !== null;
    this.gathered?.();
  }

  /** Resolves when gateways may know of everything sent so far, or when the store takes too long. */
  async settled(): Promise<void> {
    this.hurry();
    if (this.sending !== null) await Promise.race([this.sending, pause(SETTLE_MS, null, UNHELD)]);
  }

  /** Waits for what is on its way, but not for ever. */
  async close(): Promise<void> {
    this.hurry();
    if (this.sending !== null) await Promise.race([this.sending, pause(CLOSE_MS, null, UNHELD)]);
    this.stop();
  }

  /** What has not been sent is not sent any more. */
  stop(): void {
    this.over = true;
    this.hurry();
  }

  /** Its first step is always to wait for the store or for more, so it does not end before it began. */
  private async sendWaiting(): Promise<void> {
    while (!this.over && this.waiting.length > 0) {
      if (this.mayGather) await this.gather();
      const parcels = this.waiting.splice(0, AT_ONCE);
      const kept = parcels.flatMap((parcel) => parcel.kept ?? []);
      this.messages -= kept.reduce((count, { ids }) => count + ids.length, 0);
      if (kept.length > 0 && !(await this.remembered(kept))) break;
      for (const { batch } of parcels) if (!this.over) this.ports.emit(batch);
    }
    this.sending = null;
    this.isUrgent = false;
  }

  private get mayGather(): boolean {
    return !this.isUrgent && !this.ports.isWatched() && this.messages < GATHER_MESSAGES;
  }

  private gather(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.gathered = null;
        resolve();
      };
      const timer = setTimeout(end, GATHER_MS);
      this.gathered = end;
    });
  }

  private async remembered(kept: PushBatch[]): Promise<boolean> {
    const { room, remember, whole, fenced } = this.ports;
    while (!this.over && remember !== null) {
      try {
        if ((await remember(room, kept, whole)) === "ok") {
          this.last = lastIdOf(kept.at(-1) as PushBatch);
          return true;
        }
        this.over = true;
        fenced();
      } catch {
        await pause(AGAIN_MS);
      }
    }
    return false;
  }
}
