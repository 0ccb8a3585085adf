import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { inBlocks } from "./blocks.ts";
import type { ObjectStore } from "./object-store.ts";
import { storeFailed } from "./store-failure.ts";

/**
 * Lets a program such as ffprobe read an object as a file: its own where the store keeps files, else a
 * copy in the system's folder for temporary files, which is gone afterwards.
 *
 * @returns null when there is no such object
 */
export async function withLocalCopy<T>(
  store: ObjectStore,
  key: string,
  use: (path: string) => Promise<T>,
): Promise<T | null> {
  const own = store.localPath(key);
  if (own !== null) return (await store.head(key)) === null ? null : await use(own);
  const content = await store.get(key);
  if (content === null) return null;
  const fail = (error: unknown) => {
    content.stream.destroy();
    throw storeFailed(error);
  };
  const folder = await mkdtemp(join(tmpdir(), "molimoli-object-")).catch(fail);
  try {
    const path = join(folder, `${randomUUID()}${extname(key)}`);
    await writeFile(path, inBlocks(content.stream)).catch(fail);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
