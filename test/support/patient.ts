import { setTimeout as pause } from "node:timers/promises";
import type { Answer } from "./api-client.ts";

const MOST_TRIES = 4;

/**
 * Asks again while a server that has too much to do, or too slow a disk, says when to come back: that
 * is an answer, but not the one to the question. Who is told so every time gets that in the end.
 *
 * @param again called before each further time
 */
export async function patiently(
  ask: () => Promise<Answer>,
  again: () => Promise<void> = async () => {},
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask();
    const seconds = Number(answer.headers["retry-after"]);
    if (answer.status !== 503 || !(seconds > 0) || tries === MOST_TRIES) return answer;
    await pause(seconds * 1000);
    await again();
  }
}
