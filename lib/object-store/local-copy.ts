import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
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
  const folder = await mkdtemp(join(tmpdir(), "molimoli-object-")).catch((error) => {
    content.stream.destroy();
    throw storeFailed(error);
  });
  try {
    const path = join(folder, `${randomUUID()}${extname(key)}`);
    await pipeline(content.stream, createWriteStream(path)).catch((error) => {
      throw storeFailed(error);
    });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
