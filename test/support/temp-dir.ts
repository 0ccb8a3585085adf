import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CleanupScope, cleanUp } from "./cleanup.ts";

/** An empty folder of its own for this test, under the system's temp folder; gone when it ends. */
export async function tempDir(t: CleanupScope): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "molimoli-test-"));
  // A database that was just closed may still be unlinking its side files.
  cleanUp(t, () => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}
