import { Worker } from "node:worker_threads";
import type { DrawAnswer, DrawRequest } from "./draw-worker.ts";
import type { DrawOrder, DrawOutcome } from "./fairness.ts";

/**
 * Starts to read the entrants: pages of user ids, ascending and unique over all of them, none after
 * the lottery was frozen. Called twice in a draw when they are many (see `Tally`); pages of some
 * thousand ids are right, since that is what is in memory at once.
 */
export type OpenEntrants = () => AsyncIterable<readonly number[] | Float64Array>;

/** Megabytes of heap: a draw needs few of them, so more than this is a fault. */
const HEAP_MB = 128;

interface Waiting {
  resolve: (answer: DrawAnswer) => void;
  reject: (error: Error) => void;
}

/** Where a request waits for its number. */
type Numbered<T> = T extends { ask: number } ? Omit<T, "ask"> : never;

/**
 * Draws winners on a thread of its own, so that a million hashes stop nobody's danmaku. The thread
 * starts with the first draw, serves any number of them side by side, and is replaced when it dies.
 */
export class DrawThread {
  readonly #file: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #stopped = false;
  #draws = 0;
  #asks = 0;

  /** @param file another program for the thread, in tests */
  constructor(file = new URL("./draw-worker.ts", import.meta.url)) {
    this.#file = file;
  }

  /**
   * Draws; the same order and entrants give the same outcome at any time on any node.
   *
   * @param signal gives up between two pages
   * @throws RangeError-like Error when the order or the entrants are not what they have to be;
   *   whatever reading the entrants throws; an Error when the thread dies or is stopped
   */
  async draw(
    order: DrawOrder,
    openEntrants: OpenEntrants,
    signal?: AbortSignal,
  ): Promise<DrawOutcome> {
    this.#draws += 1;
    const draw = this.#draws;
    try {
      await this.#ask({ kind: "begin", draw, order });
      const outcome =
        (await this.#pass(draw, openEntrants(), signal)) ??
        (await this.#pass(draw, openEntrants(), signal));
      if (outcome === null) throw new Error("a draw takes two passes at most");
      return outcome;
    } catch (error) {
      this.#worker?.postMessage({ kind: "drop", draw } satisfies DrawRequest);
      throw error;
    }
  }

  /** Ends the thread; draws that are under way fail. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const worker = this.#worker;
    this.#lose(new Error("drawing was stopped"));
    await worker?.terminate();
  }

  /** Reads the next page while the thread works on the last one, never further ahead than that. */
  async #pass(
    draw: number,
    pages: AsyncIterable<readonly number[] | Float64Array>,
    signal?: AbortSignal,
  ): Promise<DrawOutcome | null> {
    let taken: Promise<unknown> = Promise.resolve();
    for await (const page of pages) {
      signal?.throwIfAborted();
      await taken;
      const ids = Float64Array.from(page);
      taken = this.#ask({ kind: "page", draw, ids }, [ids.buffer]);
      // Awaited above or below, unless reading fails first.
      taken.catch(() => {});
    }
    signal?.throwIfAborted();
    await taken;
    const { outcome = null } = await this.#ask({ kind: "end", draw });
    return outcome;
  }

  #ask(request: Numbered<DrawRequest>, transfer: ArrayBuffer[] = []): Promise<DrawAnswer> {
    if (this.#stopped) return Promise.reject(new Error("drawing was stopped"));
    this.#asks += 1;
    const ask = this.#asks;
    const worker = this.#running();
    return new Promise((resolve, reject) => {
      this.#waiting.set(ask, { resolve, reject });
      worker.ref();
      worker.postMessage({ ...request, ask }, transfer);
    });
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(this.#file, {
      name: "lottery-draw",
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const died = (why: string) => {
      if (this.#worker === worker) this.#lose(new Error(`the drawing thread died: ${why}`));
    };
    worker.on("message", (answer: DrawAnswer) => this.#answered(worker, answer));
    worker.on("error", (error) => died(error.message));
    worker.on("exit", (code) => died(`exit code ${code}`));
    this.#worker = worker;
    return worker;
  }

  #answered(worker: Worker, answer: DrawAnswer): void {
    const waiting = this.#waiting.get(answer.ask);
    this.#waiting.delete(answer.ask);
    // Nothing to wait for: an idle thread keeps no process alive.
    if (this.#waiting.size === 0) worker.unref();
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(answer.error));
  }

  #lose(error: Error): void {
    this.#worker = null;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(error);
  }
}
