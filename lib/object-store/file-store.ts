import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import {
  access,
  type FileHandle,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../durable-file.ts";
import { ensureDir } from "../ensure-dir.ts";
import { measured } from "./measured.ts";
import { checkFolder, checkKey, contentTypeOf, isObjectKey } from "./object-key.ts";
import type {
  ByteRange,
  ListedObject,
  ObjectContent,
  ObjectFacts,
  ObjectStore,
  StoredObject,
} from "./object-store.ts";
import { storeFailed } from "./store-failure.ts";

/** What is being written; no key can name it, since none begins with a dot. */
const UNFINISHED = ".unfinished";
/** A symbolic link is not followed, and a pipe that somebody put there does not block. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Objects as files below one folder, for one machine or one that several share. */
export class FileStore implements ObjectStore {
  readonly #root: string;
  readonly #unfinished: string;

  /** @param root absolute; made when it is not there */
  constructor(root: string) {
    this.#root = root;
    this.#unfinished = join(root, UNFINISHED);
  }

  async open(): Promise<void> {
    try {
      ensureDir(this.#unfinished);
      await access(this.#unfinished, constants.W_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`The folder of objects ${this.#root} cannot be written (${code}).`);
    }
  }

  async put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    checkKey(key);
    const temporary = join(this.#unfinished, randomUUID());
    let file: FileHandle | undefined;
    try {
      file = await opened(temporary);
      const stored = await writeAll(file, source);
      await inStore(async () => {
        await file?.sync();
        await file?.close();
        await this.#place(temporary, key);
      });
      return stored;
    } catch (error) {
      await file?.close().catch(() => {});
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectContent | null> {
    const file = await this.#openObject(key);
    if (file === null) return null;
    try {
      const facts = factsOf(key, await file.stat());
      const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY };
      if (start > 0 && start >= facts.size)
        throw new RangeError("the object ends before that range begins");
      return { ...facts, stream: file.createReadStream({ start, end }) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    const file = await this.#openObject(key);
    if (file === null) return null;
    try {
      return factsOf(key, await file.stat());
    } finally {
      await file.close();
    }
  }

  async move(from: string, to: string): Promise<boolean> {
    checkKey(to);
    const file = await this.#openObject(from);
    if (file === null) return false;
    await file.close();
    return await inStore(async () => {
      try {
        await this.#place(this.#path(from), to);
        return true;
      } catch (error) {
        return isMissing(error) ? false : Promise.reject(error);
      }
    });
  }

  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    await inStore(async () => {
      if (await this.#isStraight(key)) await rm(path, { force: true });
    });
  }

  async *list(folder: string): AsyncGenerator<ListedObject> {
    checkFolder(folder);
    for await (const key of this.#keysIn(folder)) {
      const found = await inStore(() => stat(this.#path(key)).catch(nullIfMissing));
      if (found?.isFile()) yield { key, size: found.size, modifiedMs: found.mtimeMs };
    }
  }

  async removeUnfinished(beforeMs: number): Promise<number> {
    return await inStore(async () => {
      let removed = 0;
      for (const name of await readdir(this.#unfinished)) {
        const path = join(this.#unfinished, name);
        const found = await stat(path).catch(nullIfMissing);
        if (found === null || found.mtimeMs >= beforeMs) continue;
        await rm(path, { force: true });
        removed++;
      }
      return removed;
    });
  }

  localPath(key: string): string {
    return this.#path(key);
  }

  async close(): Promise<void> {}

  #path(key: string): string {
    checkKey(key);
    return join(this.#root, key);
  }

  /** Puts a finished file in its place, for good. */
  async #place(from: string, key: string): Promise<void> {
    const path = this.#path(key);
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    if (!(await this.#isStraight(key)))
      throw storeFailed(new Error("a symbolic link stands in the folder of objects"));
    await rename(from, path);
    await syncFolder(folder);
  }

  /** No folder on the way to the object is a symbolic link, nor missing. */
  async #isStraight(key: string): Promise<boolean> {
    const root = await realpath(this.#root);
    const folder = await realpath(dirname(this.#path(key))).catch(nullIfMissing);
    return folder === dirname(join(root, key));
  }

  /** Null when there is no plain file of that key, reached without a symbolic link. */
  async #openObject(key: string): Promise<FileHandle | null> {
    const path = this.#path(key);
    return await inStore(async () => {
      let file: FileHandle | undefined;
      try {
        file = await open(path, READ);
        if ((await this.#isStraight(key)) && (await file.stat()).isFile()) return file;
        await file.close();
        return null;
      } catch (error) {
        await file?.close();
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async *#keysIn(folder: string): AsyncGenerator<string> {
    const entries = await inStore(() => opendir(join(this.#root, folder)).catch(nullIfMissing));
    for await (const entry of entries ?? []) {
      const key = `${folder}${entry.name}`;
      if (entry.isDirectory() && entry.name !== UNFINISHED) yield* this.#keysIn(`${key}/`);
      else if (entry.isFile() && isObjectKey(key)) yield key;
    }
  }
}

async function opened(path: string): Promise<FileHandle> {
  return await inStore(() => open(path, "wx", 0o644));
}

/** What the source throws stays as it is; what the disk throws is the store's. */
async function writeAll(
  file: FileHandle,
  source: AsyncIterable<Uint8Array>,
): Promise<StoredObject> {
  const { bytes, result } = measured(source);
  for await (const chunk of bytes) await inStore(() => writeChunk(file, chunk));
  return result();
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let from = 0; from < chunk.byteLength; )
    from += (await file.write(chunk, from, chunk.byteLength - from)).bytesWritten;
}

function factsOf(key: string, found: Stats): ObjectFacts {
  const { size, mtimeMs, ino } = found;
  const etag = `"${[size, Math.round(mtimeMs * 1000), ino].map((n) => n.toString(36)).join("-")}"`;
  return { size, contentType: contentTypeOf(key), etag, modifiedMs: mtimeMs };
}

/** ELOOP is how a symbolic link refuses to be followed; ENXIO a socket; ENOTDIR a file in the way. */
function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR" || code === "ENXIO";
}

function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

async function inStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : storeFailed(error);
  }
}
