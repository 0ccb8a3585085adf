import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";

/** Why a program gave no output to go by. */
export type ToolProblem = "missing" | "timeout" | "aborted" | "too-much-output" | "failed";

/** A program did not do what it was started for; `detail` is for logs: the end of what it complained of. */
export class ToolError extends Error {
  readonly problem: ToolProblem;
  readonly detail: string;

  constructor(command: string, problem: ToolProblem, detail: string) {
    super(`${command}: ${problem}`);
    this.name = "ToolError";
    this.problem = problem;
    this.detail = detail;
  }
}

export interface ToolRun {
  command: string;
  args: readonly string[];
  /** Milliseconds after which it is killed. */
  timeoutMs: number;
  /** Bytes it may write; one more and it is killed. */
  maxOutput: number;
  signal?: AbortSignal;
}

/** Characters kept of what a program writes to stderr. */
const COMPLAINT = 2_000;

const running = new Set<ChildProcess>();
// A node that leaves takes the programs along that it started.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Runs a program at low priority, without a shell and without input, and answers what it wrote to
 * stdout. It is gone when this settles: whoever reads its files or removes them is alone with them.
 *
 * @throws ToolError: not installed, out of time, aborted, too talkative, or an exit code that is not 0
 */
export async function runTool({
  command,
  args,
  timeoutMs,
  maxOutput,
  signal,
}: ToolRun): Promise<Buffer> {
  if (signal?.aborted) throw new ToolError(command, "aborted", "");
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let problem: ToolProblem | null = null;
  const end = (why: ToolProblem) => {
    problem ??= why;
    child.kill("SIGKILL");
  };
  const onAbort = () => end("aborted");
  signal?.addEventListener("abort", onAbort);
  const overdue = setTimeout(() => end("timeout"), timeoutMs);

  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxOutput) end("too-much-output");
    else chunks.push(chunk);
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT);
  });
  child.on("spawn", () => yieldToOthers(child));

  try {
    const code = await ended(child);
    if (problem !== null) throw new ToolError(command, problem, complaint);
    if (code !== 0) throw new ToolError(command, "failed", complaint);
    return Buffer.concat(chunks, size);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "EACCES" ? "missing" : "failed";
    throw new ToolError(command, why, String(error));
  } finally {
    clearTimeout(overdue);
    signal?.removeEventListener("abort", onAbort);
    running.delete(child);
  }
}

/** The exit code, null after a signal; rejects when the program could not be started. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** Decoding a video must not slow down the room next door. */
function yieldToOthers(child: ChildProcess): void {
  try {
    setPriority(child.pid as number, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system has no priorities to give.
  }
}
