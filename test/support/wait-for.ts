import { setTimeout as pause } from "node:timers/promises";

export interface WaitOptions {
  /** Deadline in milliseconds. */
  timeoutMs?: number;
  /** Time between two looks, in milliseconds. */
  intervalMs?: number;
  /** What is awaited, for the error: "the room to be live". */
  message?: string;
}

type Truthy<T> = Exclude<T, false | 0 | 0n | "" | null | undefined>;

/**
 * Looks at `condition` until it answers something truthy, and answers that. A condition that throws
 * counts as "not yet", so an assertion can be awaited; its error is the cause of the timeout's.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 5_000, intervalMs = 10, message = "the condition" }: WaitOptions = {},
): Promise<Truthy<T>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value as Truthy<T>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(intervalMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms in vain for ${message}`, { cause });
}
