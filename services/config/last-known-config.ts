import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder, writeDurably } from "../../lib/durable-file.ts";
import { writeConfig } from "./config-rules.ts";

/** A configuration that was in force here once. */
export interface KnownConfig {
  /** Not checked: it may be another version's. */
  document: unknown;
  revision: number;
}

/**
 * Remembers, on this node's disk, the last good configuration of a store that may be away when the
 * node starts.
 */
export class LastKnownConfig {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async write(document: unknown, revision: number): Promise<void> {
    const folder = dirname(this.#file);
    await mkdir(folder, { recursive: true });
    const fresh = `${this.#file}.${randomUUID()}`;
    try {
      await writeDurably(fresh, writeConfig({ revision, document }));
      await rename(fresh, this.#file);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncFolder(folder);
  }

  /** Null when there is none, or none that can be understood. */
  async read(): Promise<KnownConfig | null> {
    try {
      const known: Partial<KnownConfig> | null = JSON.parse(await readFile(this.#file, "utf8"));
      if (known?.document === undefined || !Number.isSafeInteger(known.revision)) return null;
      return { document: known.document, revision: Number(known.revision) };
    } catch {
      return null;
    }
  }
}
