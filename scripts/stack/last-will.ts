import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Reads lines of process ids until this process is gone, whatever ended it; then kills the groups
 * that were named last and removes the folder.
 */
const EXECUTOR = `
while read -r line; do pids=$line; done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null; done
[ -z "$1" ] || rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
`;

/**
 * Sees to it that servers and their throw-away folder do not outlive this process when it has no time
 * to put them away: a test that is cut short, a kill -9.
 */
export class LastWill {
  readonly #executor: ChildProcess;
  readonly #pids = new Set<number>();

  /** @param folder to remove; null keeps it */
  constructor(folder: string | null) {
    this.#executor = spawn("sh", ["-c", EXECUTOR, "sh", folder ?? ""], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Without a shell there is no last will; everything else works.
    this.#executor.on("error", () => {});
    this.#executor.stdin?.on("error", () => {});
  }

  add(pid: number): void {
    this.#pids.add(pid);
    this.#write();
  }

  remove(pid: number): void {
    this.#pids.delete(pid);
    this.#write();
  }

  /** Carries it out now: kills what is still named and removes the folder. */
  async execute(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#executor;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#executor.stdin?.end();
    await once(this.#executor, "exit");
  }

  #write(): void {
    this.#executor.stdin?.write(`${[...this.#pids].join(" ")}\n`);
  }
}
