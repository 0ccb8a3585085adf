import { setTimeout as pause } from "node:timers/promises";
import type { ConsumerInfo, JetStreamManager } from "nats";

const LOOK_EVERY_MS = 20;

/** Where the stream of a channel and its consumer stand. */
export interface Backlog {
  /** Messages that nobody has been given yet. */
  waiting: number;
  /** Messages that somebody is at work on, or has to be given again. */
  underway: number;
}

export interface ConsumerPlace {
  stream: string;
  consumer: string;
}

export async function backlogOf(manager: JetStreamManager, at: ConsumerPlace): Promise<Backlog> {
  const info = await manager.consumers.info(at.stream, at.consumer);
  return { waiting: info.num_pending, underway: info.num_ack_pending };
}

/**
 * Waits until the consumer is done with all that the stream had kept when this was called.
 *
 * @returns whether it was in time
 */
export async function caughtUp(
  manager: JetStreamManager,
  at: ConsumerPlace,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  const { state } = await manager.streams.info(at.stream);
  for (;;) {
    if (isPast(await manager.consumers.info(at.stream, at.consumer), state.last_seq)) return true;
    if (performance.now() + LOOK_EVERY_MS > deadline) return false;
    await pause(LOOK_EVERY_MS);
  }
}

function isPast(consumer: ConsumerInfo, sequence: number): boolean {
  if (consumer.num_pending === 0 && consumer.num_ack_pending === 0) return true;
  return consumer.ack_floor.stream_seq >= sequence;
}
