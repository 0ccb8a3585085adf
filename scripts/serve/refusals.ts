import { accessSync, constants } from "node:fs";
import { ensureDir } from "../../lib/ensure-dir.ts";
import type { Env } from "../../lib/env.ts";

/** A reason not to start; the message is one sentence for people. */
export class BootError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BootError";
  }
}

/** Backing services that are designed but not built yet: a setting must not be ignored in silence. */
const notYet: readonly (readonly [variable: string, field: keyof Env, instead: string])[] = [
  ["JAEGER_URL", "jaegerUrl", "there is no tracing"],
];

/** @throws BootError that names every setting which this version cannot honour */
export function refuseUnsupported(env: Env): void {
  const given = notYet.filter(([, field]) => env[field] !== null);
  if (given.length === 0) return;
  const words = given.map(([variable, , instead]) => `${variable} (without it ${instead})`);
  throw new BootError(`This version does not support ${words.join(", ")} yet; leave it unset.`);
}

/** @throws BootError when the data folder cannot be made or written */
export function refuseUnwritable(dataDir: string): void {
  try {
    ensureDir(dataDir);
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BootError(
      `The data folder ${dataDir} cannot be written (${code}); set DATA_DIR to one that can.`,
    );
  }
}
