import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Step } from "../../../services/lottery/steps.ts";

/** One step that a node has reached. */
export interface Reached {
  atMs: number;
  pid: number;
  step: Step;
  lotteryId: number;
  /** The process stands still there. */
  last: boolean;
}

/** What nodes tell of their steps, and where they are to end. */
export class StepLog {
  readonly #folder: string;
  #orders = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** For the nodes; the other half is in `reached-step.ts`. */
  get env(): Record<string, string> {
    const hook = pathToFileURL(join(import.meta.dirname, "step-hook.ts"));
    return { NODE_OPTIONS: `--import=${hook.href}`, LOTTERY_STEPS_DIR: this.#folder };
  }

  /** From now on: lets a node stand still when it reaches a step for the nth time. */
  endAt(name: string, step: Step, times: number): void {
    this.#order(name, `${step} ${times}`);
  }

  /** From now on: lets a node live. */
  spare(name: string): void {
    this.#order(name, "-");
  }

  /** In one go, as the node may read it at any moment. */
  #order(name: string, order: string): void {
    const file = join(this.#folder, `${name}.orders`);
    // A number of its own: the same order twice is two orders.
    writeFileSync(`${file}.new`, `${order} ${++this.#orders}`);
    renameSync(`${file}.new`, file);
  }

  /** All steps of a node, over all its lives. */
  of(name: string): Reached[] {
    const file = join(this.#folder, `${name}.log`);
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const [at, pid, step, id, last] = line.split(" ");
        return {
          atMs: Number(at),
          pid: Number(pid),
          step: step as Step,
          lotteryId: Number(id),
          last: last === "last",
        };
      });
  }
}
