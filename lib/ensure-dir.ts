import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it.
 *
 * Node's own `recursive` never returns where a folder exists but cannot hold others and says so with
 * ENOENT, as /proc does (seen with Node 20 and 24).
 *
 * @throws the system's error of the first folder that cannot be made
 */
export function ensureDir(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    ensureDir(parent);
    mkdirSync(path);
  }
}
