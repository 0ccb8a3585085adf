import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether every thread of a process is stopped: SIGSTOP takes its time to reach them all. True for a
 * process that is gone, and where there is no /proc to tell.
 */
export function standsStill(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads)
      .map((id) => readFileSync(join(threads, id, "stat"), "utf8"))
      .every(isStopped);
  } catch {
    return true;
  }
}

/** The state follows the name, which stands in parentheses and may hold anything. */
function isStopped(stat: string): boolean {
  return /^[Tt]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}
