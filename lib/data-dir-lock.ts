import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDir } from "./ensure-dir.ts";

/**
 * Keeps a second process off a data folder: the embedded stores allow one writer, and ids are unique
 * only while one process makes them.
 *
 * The lock file names the process and, where /proc tells, its start time, so that a pid given to
 * another program after a crash does not hold the folder for ever.
 *
 * @returns what releases it
 * @throws Error with a sentence for people when the folder is taken or cannot be written
 */
export function lockDataDir(dataDir: string): () => void {
  const file = join(dataDir, "lock");
  const mine = `${process.pid} ${startTime(process.pid)}\n`;
  try {
    ensureDir(dataDir);
    claim(file, mine);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    throw new Error(
      `The data folder ${dataDir} cannot be written (${code}); set DATA_DIR to one that can.`,
    );
  }
  return () => {
    if (readOrEmpty(file) === mine) rmSync(file, { force: true });
  };
}

function claim(file: string, mine: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, started] = readOrEmpty(file).trim().split(" ");
    if (Number(pid) !== process.pid && startTime(Number(pid)) === started && started !== "gone")
      throw new Error(
        `The data folder is in use by process ${pid}; stop it or set another DATA_DIR.`,
      );
    rmSync(file, { force: true });
  }
  throw new Error("The data folder is being claimed by several processes at once; try again.");
}

/** Clock ticks since boot at which a process started; "gone" if there is none, "?" without /proc. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the parenthesised name, which may itself contain spaces; start time is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "?";
  } catch {
    try {
      process.kill(pid, 0);
      return "?";
    } catch {
      return "gone";
    }
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
