import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

/** Enough of the output to explain a failure; a chatty server must not fill the test's memory. */
const OUTPUT_LIMIT = 1_000_000;
/** How long a process may take to end by itself before it is killed, in milliseconds. */
const GRACE_MS = 10_000;
/** How long the output may stay open after the process itself ended, in milliseconds. */
const ORPHANED_PIPES_MS = 1_000;

export interface ProcessOptions {
  command: string;
  args?: readonly string[];
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Seen in the output, or answered true: the process can be used. Without it: once it has started. */
  ready?: RegExp | ((output: string) => boolean | Promise<boolean>);
  /** Deadline of `ready`, in milliseconds. */
  timeoutMs?: number;
  /** It has an input that a test writes to, as a person at a terminal would. */
  input?: boolean;
}

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface StartedProcess {
  child: ChildProcess;
  /** What it wrote so far, stdout and stderr as they came (the last million characters). */
  output(): string;
  /** Settles when the process is gone and its output is complete. */
  ended: Promise<ProcessEnd>;
  /** Sends `signal` and waits for the end; a process that ignores it is killed after 10 s. */
  stop(signal?: NodeJS.Signals): Promise<ProcessEnd>;
}

const running = new Set<ChildProcess>();

// A test file that is cut short runs no hooks; its children still must not outlive it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
// Nor does a signal run them: that is how a test that takes too long is ended.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => process.exit(1));

/** Starts a process, waits until it is ready and stops it when the test ends, however that ends. */
export async function startProcess(
  t: CleanupScope,
  options: ProcessOptions,
): Promise<StartedProcess> {
  const { command, args = [], env, cwd, ready, timeoutMs = 30_000 } = options;
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: [options.input === true ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const started = watch(child);
  cleanUp(t, () => started.stop());

  await once(child, "spawn");
  if (ready === undefined) return started;
  const isReady = ready instanceof RegExp ? (output: string) => output.search(ready) >= 0 : ready;
  let end: ProcessEnd | undefined;
  started.ended.then((value) => {
    end = value;
  });
  const name = [command, ...args].join(" ");
  try {
    await waitFor(async () => (await isReady(started.output())) || end, {
      timeoutMs,
      message: `"${name}" to be ready`,
    });
  } catch (error) {
    throw new Error(`"${name}" is not ready; it wrote:\n${started.output()}`, { cause: error });
  }
  if (end && !(await isReady(started.output()))) {
    throw new Error(
      `"${name}" ended (${end.signal ?? `exit code ${end.code}`}) before it was ready; it wrote:\n${started.output()}`,
    );
  }
  return started;
}

function watch(child: ChildProcess): StartedProcess {
  let output = "";
  const collect = (chunk: string) => {
    output = (output + chunk).slice(-OUTPUT_LIMIT);
  };
  child.stdout?.setEncoding("utf8").on("data", collect);
  child.stderr?.setEncoding("utf8").on("data", collect);

  running.add(child);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once("error", () => {
      // Only a process that never started gets no "close".
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
    // A grandchild that inherited the pipes keeps them open; the process itself is gone.
    child.once("exit", (code, signal) => {
      setTimeout(() => resolve({ code, signal }), ORPHANED_PIPES_MS).unref();
    });
  }).finally(() => running.delete(child));

  async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProcessEnd> {
    child.kill(signal);
    const overdue = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    try {
      return await ended;
    } finally {
      clearTimeout(overdue);
    }
  }

  return { child, output: () => output, ended, stop };
}
