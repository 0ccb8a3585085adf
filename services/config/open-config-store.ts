import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultConfig } from "../../contracts/config.ts";
import type { Env } from "../../lib/env.ts";
import { writeConfig } from "./config-rules.ts";
import type { ConfigStore } from "./config-store.ts";
import { FileConfigStore } from "./file-config-store.ts";

/** The store for this environment: `config.json` in the data folder. */
export async function openConfigStore(env: Env): Promise<ConfigStore> {
  await writeDefaultsBeside(env.dataDir);
  return new FileConfigStore(env.dataDir);
}

/**
 * Shows every key with its default. The configuration itself holds only what the operator chose, so
 * that a better default in a later version reaches everyone who did not choose.
 */
async function writeDefaultsBeside(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, "config.defaults.json"), writeConfig(defaultConfig));
}
