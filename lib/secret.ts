import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDir } from "./ensure-dir.ts";
import type { Env } from "./env.ts";

/**
 * The key that signs tokens: `JWT_SECRET`, else one that is made once and kept in the data folder,
 * readable by its owner only.
 */
export function signingKey(env: Env): Uint8Array {
  if (env.jwtSecret !== null) return Buffer.from(env.jwtSecret);
  const file = join(env.dataDir, "jwt-secret");
  ensureDir(env.dataDir);
  try {
    writeFileSync(file, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return Buffer.from(readFileSync(file, "utf8").trim());
}
