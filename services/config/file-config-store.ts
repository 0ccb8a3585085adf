import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeDurably } from "../../lib/durable-file.ts";
import { ConfigConflict, type ConfigStore, type StoredConfig } from "./config-store.ts";

/** How often the file is looked at, in ms. A change is told when it has been still for one turn. */
const POLL_MS = 250;
/** Nobody's configuration is larger; a log file moved here by mistake may be. */
const MAX_BYTES = 16 * 1024 * 1024;
const ABSENT = "absent";

/**
 * Keeps the configuration in `config.json` of a folder.
 *
 * The file is polled, since a watch on its folder would wake for every write of the database beside
 * it, and a watch on the file loses it when an editor puts a new one in its place. Waiting until the
 * file is still keeps half of a slow write from being read.
 *
 * The revision is a fingerprint of the text, so it is the same for every reader and after a restart.
 */
export class FileConfigStore implements ConfigStore {
  readonly #folder: string;
  readonly #file: string;
  /** What the file looked like when it was last read. */
  #loaded: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, "config.json");
  }

  async load(): Promise<StoredConfig> {
    const handle = await openIfPresent(this.#file);
    if (handle === null) {
      this.#loaded = ABSENT;
      return { text: null, revision: 0 };
    }
    try {
      const { size } = await handle.stat();
      if (size > MAX_BYTES) throw new Error(`config.json has more than ${MAX_BYTES} bytes`);
      // Before the text: a write in between then shows as a change at the next look.
      const looks = appearance(this.#file);
      const text = await handle.readFile("utf8");
      this.#loaded = looks;
      return { text, revision: fingerprint(text) };
    } finally {
      await handle.close();
    }
  }

  async save(text: string, revision: number): Promise<number> {
    await mkdir(this.#folder, { recursive: true });
    const fresh = join(this.#folder, `.config.json.${randomUUID()}`);
    try {
      await writeDurably(fresh, text);
      // Nothing of this process comes between these two; an editor still may, for microseconds.
      if (revisionNow(this.#file) !== revision) throw new ConfigConflict();
      renameSync(fresh, this.#file);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
    return fingerprint(text);
  }

  watch(onChange: () => void): void {
    let before: string | null = null;
    const look = (): void => {
      const now = appearance(this.#file);
      if (now !== this.#loaded && now === before) onChange();
      before = now;
    };
    look();
    this.#timer = setInterval(look, POLL_MS).unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}

async function openIfPresent(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Differs whenever the file was written or replaced. */
function appearance(file: string): string {
  try {
    // At once: a trip to a thread and back, four times a second, costs a server that does nothing more.
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return ABSENT;
    const { ino, size, mtimeNs, ctimeNs } = found;
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

function revisionNow(file: string): number {
  try {
    return fingerprint(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** 48 bits of the text's SHA-256, never 0. */
function fingerprint(text: string): number {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6) || 1;
}
