import { setTimeout as pause } from "node:timers/promises";
import type { PushBatch } from "../../contracts/events.ts";
import { lastIdOf, type StoredTail } from "../../lib/tail-store/tail-store.ts";

/** Keeps a batch; as `keepBatch` of lib/tail-store. Rejects while the store cannot be reached. */
export type Remember = (
  room: { liveId: number; token: number },
  batch: PushBatch,
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
  emit(batch: PushBatch): void;
  /** The room has another owner: nothing is sent any more. */
  fenced(): void;
}

/** Between two attempts to reach the store, in milliseconds. */
const AGAIN_MS = 200;
/** A room that closes waits this long for the store. */
const CLOSE_MS = 3_000;

/**
 * The way of a room's batches to the gateways: each is remembered before it is sent, in order. So a
 * new owner knows everything that any viewer has seen, and the store's fencing token decides which of
 * two who both believe to be the owner reaches viewers at all.
 */
export class Outbox {
  private readonly ports: OutboxPorts;
  private tail: Promise<void> = Promise.resolve();
  private waiting = 0;
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
    } else if (kept === null && this.waiting === 0) this.ports.emit(batch);
    else {
      this.waiting++;
      this.tail = this.tail
        .then(() => this.rememberAndEmit(batch, kept))
        .finally(() => {
          this.waiting--;
        });
    }
  }

  /** Waits for what is on its way, but not for ever. */
  async close(): Promise<void> {
    if (this.waiting > 0) await Promise.race([this.tail, pause(CLOSE_MS)]);
    this.over = true;
  }

  /** What has not been sent is not sent any more. */
  stop(): void {
    this.over = true;
  }

  private async rememberAndEmit(batch: PushBatch, kept: PushBatch | null): Promise<void> {
    if (kept !== null && !(await this.remembered(kept))) return;
    if (!this.over) this.ports.emit(batch);
  }

  private async remembered(kept: PushBatch): Promise<boolean> {
    const { room, remember, whole, fenced } = this.ports;
    while (!this.over && remember !== null) {
      try {
        if ((await remember(room, kept, whole)) === "ok") {
          this.last = lastIdOf(kept);
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
