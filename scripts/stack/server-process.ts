import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../bootstrap/failure.mjs";
import { standsStill } from "./stands-still.ts";

interface Command {
  /** Full path of the executable. */
  command: string;
  args: readonly string[];
}

/** A server of the stack, as its kind describes it. */
export interface ServerProgram extends Command {
  /** What people call it: "Redis", "NATS 2". */
  name: string;
  env?: Readonly<Record<string, string>>;
  /** Where it runs and where its log is; exists. */
  folder: string;
  /** With its credentials. */
  url: string;
  /** What has to run to its end before the server can start, and what follows; null: nothing has. */
  setUp?(): (Command & { done(): void }) | null;
  /** Really uses the server; throws as long as that does not work. Ends by itself. */
  probe(pid: number): Promise<void>;
  /** From the start to the first answer, in milliseconds; 30 s when left out. */
  readyMs?: number;
}

/** How a server ended that nobody had told to. */
export interface Death {
  server: ServerProcess;
  pid: number;
  /** "exit code 1", "SIGSEGV". */
  how: string;
}

export function unexpected({ server, pid, how }: Death): Failure {
  return new Failure(
    `${server.name} (process ${pid}) ended unexpectedly: ${how}; it said last:\n${server.lastLines()}`,
  );
}

interface Events {
  /** A process of this server runs; its group bears the same number. */
  started: [pid: number];
  ended: [pid: number];
  died: [death: Death];
}

/** From the start to the first answer, in milliseconds; a crash's recovery is part of it. */
const READY_MS = 30_000;
const LOOK_EVERY_MS = 20;
/** A probe that hangs is given up, in milliseconds. */
const PROBE_MS = 5_000;
/** What a server may take to end in good order, in milliseconds. */
const STOP_MS = 10_000;
const LAST_LINES = 15;
/** Signals that a process outlives. */
const OUTLIVED: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGSTOP",
  "SIGCONT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
]);

/**
 * One server as a process of its own that can be killed, frozen and started again on the same port
 * with the same data.
 */
export class ServerProcess extends EventEmitter<Events> {
  readonly #program: ServerProgram;
  readonly logFile: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  /** Somebody here ends it: no surprise. */
  #leaving = false;
  #start: { canceled: AbortController; settled: Promise<unknown> } | undefined;

  constructor(program: ServerProgram) {
    super();
    this.#program = program;
    this.logFile = join(program.folder, "log");
  }

  get name(): string {
    return this.#program.name;
  }

  /** With its credentials; the same for ever. */
  get url(): string {
    return this.#program.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** So that a single server and a cluster look alike. */
  get nodes(): readonly ServerProcess[] {
    return [this];
  }

  /**
   * Starts it and waits until it answers.
   *
   * @throws Failure with the end of its log when it ends before or does not answer in time
   */
  async start(): Promise<void> {
    if (this.#child !== undefined || this.#start !== undefined)
      throw new Error(`${this.name} runs already`);
    const canceled = new AbortController();
    const started = this.#bringUp(canceled.signal);
    this.#start = { canceled, settled: Promise.allSettled([started]) };
    await started.finally(() => {
      this.#start = undefined;
    });
  }

  /**
   * Sends a signal. With one that ends it, resolves when the process is gone; with SIGSTOP, when it
   * really stands still.
   */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { pid } = this;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    if (!OUTLIVED.has(signal)) return this.#end(signal);
    this.#child?.kill(signal);
    while (signal === "SIGSTOP" && !standsStill(pid)) await pause(1);
  }

  /** Ends it, in good order and after 10 s by force; also while it starts or stands still. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#start?.canceled.abort(new Failure(`${this.name} was stopped while it started`));
    const overdue = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_MS);
    try {
      const ended = this.#end(signal);
      this.#child?.kill("SIGCONT");
      await ended;
      await this.#start?.settled;
    } finally {
      clearTimeout(overdue);
    }
  }

  /** Starts it again on the same port with the same data, whether it runs, stands still or is gone. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Everything it wrote since the very first start. */
  log(): string {
    try {
      return readFileSync(this.logFile, "utf8");
    } catch {
      return "";
    }
  }

  /** The end of its log, for a message to people. */
  lastLines(): string {
    return this.log().trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  }

  async #bringUp(canceled: AbortSignal): Promise<void> {
    this.#leaving = false;
    try {
      await this.#setUp(canceled);
      const child = this.#spawn(this.#program);
      this.#watch(child);
      await this.#ready(child, canceled);
    } catch (error) {
      await this.#end("SIGKILL");
      throw error;
    }
  }

  async #setUp(canceled: AbortSignal): Promise<void> {
    const setUp = this.#program.setUp?.() ?? null;
    if (setUp === null) return;
    const child = this.#spawn(setUp);
    const { pid } = child;
    // With the programs that it has started.
    const kill = () => pid !== undefined && process.kill(-pid, "SIGKILL");
    canceled.addEventListener("abort", kill, { once: true });
    if (pid !== undefined) this.emit("started", pid);
    try {
      const [code] = await once(child, "exit");
      canceled.throwIfAborted();
      if (code !== 0)
        throw new Failure(`${this.name} could not be set up; it said:\n${this.lastLines()}`);
      setUp.done();
    } finally {
      canceled.removeEventListener("abort", kill);
      if (pid !== undefined) this.emit("ended", pid);
    }
  }

  /**
   * The log is a file of the server's own: a pipe would block it while we are busy, and end it with
   * us. A process group of its own: Ctrl-C is told to the stack, which stops its servers in order.
   */
  #spawn({ command, args }: Command): ChildProcess {
    const { env, folder } = this.#program;
    const log = openSync(this.logFile, "a", 0o600);
    try {
      return spawn(command, args, {
        cwd: folder,
        env: { ...serverEnv(), ...env },
        detached: true,
        stdio: ["ignore", log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  #watch(child: ChildProcess): void {
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) this.emit("started", pid);
    const gone = once(child, pid === undefined ? "error" : "exit");
    this.#ended = gone.then(() => {
      this.#child = undefined;
      if (pid === undefined) return;
      this.emit("ended", pid);
      // Before it was ready, start() tells.
      if (this.#leaving || this.#start !== undefined) return;
      this.emit("died", { server: this, pid, how: howItEnded(child) });
    });
  }

  async #ready(child: ChildProcess, canceled: AbortSignal): Promise<void> {
    const { readyMs = READY_MS } = this.#program;
    const deadline = performance.now() + readyMs;
    let reason: unknown;
    while (performance.now() < deadline) {
      if (this.#child !== child) {
        canceled.throwIfAborted();
        throw new Failure(
          `${this.name} ended before it was ready (${howItEnded(child)}); it said:\n${this.lastLines()}`,
        );
      }
      try {
        await Promise.race([
          this.#program.probe(child.pid as number),
          this.#ended.then(tooEarly),
          tooLong(),
        ]);
        return;
      } catch (error) {
        reason = error;
      }
      await pause(LOOK_EVERY_MS);
    }
    throw new Failure(
      `${this.name} did not answer within ${readyMs / 1000} s (${(reason as Error).message}); it said:\n${this.lastLines()}`,
    );
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#leaving = true;
    this.#child?.kill(signal);
    await this.#ended;
  }
}

/** Nothing of ours but what every program needs: some of these servers read variables as settings. */
function serverEnv(): Record<string, string> {
  const { PATH = "", TMPDIR } = process.env;
  return { PATH, LC_ALL: "C", ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}

function howItEnded({ exitCode, signalCode }: ChildProcess): string {
  if (exitCode === null && signalCode === null) return "it could not be run";
  return signalCode ?? `exit code ${exitCode}`;
}

function tooEarly(): never {
  throw new Error("it ended");
}

async function tooLong(): Promise<never> {
  await pause(PROBE_MS, undefined, { ref: false });
  throw new Error("it hangs");
}
