import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultConfig } from "../../contracts/config.ts";
import type { Env } from "../../lib/env.ts";
import { openEtcd } from "../../lib/etcd/connect.ts";
import { writeConfig } from "./config-rules.ts";
import type { ConfigStore } from "./config-store.ts";
import { EtcdConfigStore } from "./etcd-config-store.ts";
import { FileConfigStore } from "./file-config-store.ts";
import { LastKnownConfig } from "./last-known-config.ts";

export interface ConfigPlace {
  store: ConfigStore;
  /** For a store that may be away when this node starts; null: it is on this node itself. */
  lastKnown: LastKnownConfig | null;
}

/** Where this environment keeps the configuration: etcd, else `config.json` in the data folder. */
export async function openConfigStore({ dataDir, etcdUrl }: Env): Promise<ConfigPlace> {
  await writeDefaultsBeside(dataDir);
  if (etcdUrl === null) return { store: new FileConfigStore(dataDir), lastKnown: null };
  return {
    store: new EtcdConfigStore(openEtcd(etcdUrl)),
    lastKnown: new LastKnownConfig(join(dataDir, "config.last.json")),
  };
}

/**
 * Shows every key with its default. The configuration itself holds only what the operator chose, so
 * that a better default in a later version reaches everyone who did not choose.
 */
async function writeDefaultsBeside(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, "config.defaults.json"), writeConfig(defaultConfig));
}
