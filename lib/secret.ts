import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDir } from "./ensure-dir.ts";
import type { Env } from "./env.ts";

/** As short as `JWT_SECRET` may be. */
const MIN_LENGTH = 32;

/**
 * The key that signs tokens: `JWT_SECRET`, else one that is made once and kept in the data folder,
 * readable by its owner only.
 *
 * @throws Error with a sentence for people when the kept key is none
 */
export function signingKey(env: Env): Uint8Array {
  if (env.jwtSecret !== null) return Buffer.from(env.jwtSecret);
  const file = join(env.dataDir, "jwt-secret");
  ensureDir(env.dataDir);
  const key = keptKey(file) ?? newKey(file);
  // Anybody could sign tokens with a key that is empty or easily guessed.
  if (key.length < MIN_LENGTH)
    throw new Error(
      `The file ${file} does not hold a key; delete it, and a new one is made (everyone has to sign in again).`,
    );
  return Buffer.from(key);
}

function keptKey(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return null;
  }
}

/**
 * Put in place when it is complete, so that a process killed meanwhile leaves no half of a key; of
 * two processes that start at once the first one's counts, by a link, which replaces nothing.
 */
function newKey(file: string): string {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, randomBytes(48).toString("base64url"), { mode: 0o600, flush: true });
  try {
    linkSync(fresh, file);
  } catch {
    // It is there by now, or this file system has no links.
    if (!existsSync(file)) renameSync(fresh, file);
  }
  rmSync(fresh, { force: true });
  return readFileSync(file, "utf8");
}
