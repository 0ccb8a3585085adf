import { parentPort } from "node:worker_threads";
import type { DrawOrder, DrawOutcome } from "./fairness.ts";
import { Tally } from "./tally.ts";

/** What the thread is asked; `ask` comes back with the answer, `draw` says which one is meant. */
export type DrawRequest =
  | { kind: "begin"; draw: number; ask: number; order: DrawOrder }
  | { kind: "page"; draw: number; ask: number; ids: Float64Array }
  | { kind: "end"; draw: number; ask: number }
  /** Answers nothing: whoever wanted the draw has given up. */
  | { kind: "drop"; draw: number };

/** The end of a pass has an outcome, or null when another pass is needed. */
export type DrawAnswer = { ask: number; outcome?: DrawOutcome | null; error?: string };

const tallies = new Map<number, Tally>();

function answer(request: Exclude<DrawRequest, { kind: "drop" }>): Omit<DrawAnswer, "ask"> {
  if (request.kind === "begin") {
    tallies.set(request.draw, new Tally(request.order));
    return {};
  }
  const tally = tallies.get(request.draw);
  if (tally === undefined) throw new Error("the thread that knew of this draw has died");
  if (request.kind === "page") {
    tally.add(request.ids);
    return {};
  }
  const outcome = tally.endPass();
  if (outcome !== null) tallies.delete(request.draw);
  return { outcome };
}

parentPort?.on("message", (request: DrawRequest) => {
  if (request.kind === "drop") {
    tallies.delete(request.draw);
    return;
  }
  try {
    parentPort?.postMessage({ ask: request.ask, ...answer(request) });
  } catch (error) {
    tallies.delete(request.draw);
    parentPort?.postMessage({ ask: request.ask, error: (error as Error).message });
  }
});
