import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { IngestNews, IngestOrder } from "./ingest-messages.ts";
import { RestartPace } from "./restart-pace.ts";

const MAIN = fileURLToPath(new URL("./rtmp/main.ts", import.meta.url));
/** What is asked to end has this long, in milliseconds. */
const END_MS = 2_000;

/** RTMP cannot be taken; the message is a sentence for people. */
export class IngestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "IngestError";
  }
}

export interface IngestOptions {
  port: number;
  host: string;
  /** Wishes, video and leaving, as they come. */
  heard(news: IngestNews): void;
  /** The process has ended by itself, and with it all of its sessions; it is started again. */
  died(how: string, restartInMs: number): void;
  /** It runs again. */
  back(): void;
  /** Why it ends, or cannot listen again. */
  fault(error: string): void;
}

/**
 * The process that takes RTMP, from its start to its end: one at a time, and another one when it died.
 * The port is the process's own, so a fault in it never leaves us with connections that nobody reads.
 */
export class IngestProcess {
  readonly #options: IngestOptions;
  readonly #pace = new RestartPace();
  #child: ChildProcess | null = null;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  /** While the first process has not listened yet: settles {@link listen}. */
  #first: PromiseWithResolvers<void> | null = Promise.withResolvers();

  constructor(options: IngestOptions) {
    this.#options = options;
    // It may fail before anybody asked.
    this.#first?.promise.catch(() => {});
  }

  /** Starts the process, which takes a moment, without listening yet. */
  warmUp(): void {
    this.#child = this.#spawn();
  }

  /**
   * Resolves when publishers can connect.
   *
   * @throws IngestError
   */
  async listen(): Promise<void> {
    const first = this.#first?.promise;
    this.#order();
    await first;
  }

  send(order: IngestOrder): void {
    // What cannot be sent is meant for a process that is gone; its end is told elsewhere.
    if (this.#child?.connected) this.#child.send(order, () => {});
  }

  /** Ends the process; may be repeated. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const ended = once(child, "exit");
    if (child.connected) child.disconnect();
    const overdue = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(overdue);
  }

  #order(): void {
    const { port, host } = this.#options;
    this.send({ kind: "listen", port, host });
  }

  #spawn(): ChildProcess {
    this.#startedAt = performance.now();
    // Nothing of what this process knows: it talks with strangers.
    const { NODE_COMPILE_CACHE } = process.env;
    const env = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
    const child = fork(MAIN, [], {
      env,
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.on("message", (news: IngestNews) => this.#hear(child, news));
    // Without a process there is no "exit".
    child.on("error", () => child.pid === undefined && this.#ended("it could not be started"));
    child.on("exit", (code, signal) => this.#ended(signal ?? `exit code ${code}`));
    return child;
  }

  #hear(child: ChildProcess, news: IngestNews): void {
    switch (news.kind) {
      case "listening":
        if (this.#first === null) this.#options.back();
        this.#first?.resolve();
        this.#first = null;
        return;
      case "deaf": {
        const error = new IngestError(this.#whyDeaf(news));
        if (this.#first !== null) this.#first.reject(error);
        else this.#options.fault(error.message);
        child.kill("SIGKILL");
        return;
      }
      case "fault":
        this.#options.fault(news.error);
        return;
      default:
        this.#options.heard(news);
    }
  }

  #ended(how: string): void {
    this.#child = null;
    if (this.#first !== null) {
      this.#first.reject(new IngestError(`The process that takes RTMP did not start (${how}).`));
      return;
    }
    if (this.#stopping) return;
    const wait = this.#pace.next(performance.now() - this.#startedAt);
    this.#options.died(how, wait);
    this.#restart = setTimeout(() => {
      this.#child = this.#spawn();
      this.#order();
    }, wait);
  }

  #whyDeaf({ code, message }: { code: string; message: string }): string {
    const { port, host } = this.#options;
    switch (code) {
      case "EADDRINUSE":
        return `Port ${port} is in use; set RTMP_PORT to another one, or to 0 for none.`;
      case "EACCES":
        return `Port ${port} may not be used by this user; set RTMP_PORT to another one, or to 0 for none.`;
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
        return `This machine has no address ${host}; set HOST to one that it has.`;
      default:
        return `RTMP cannot be taken on ${host}:${port} (${message}).`;
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
