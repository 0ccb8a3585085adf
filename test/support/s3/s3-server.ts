import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CleanupScope } from "../cleanup.ts";
import { startProcess } from "../process.ts";
import { tempDir } from "../temp-dir.ts";

const BUCKET = "molimoli";
/** The only pair of keys that s3rver knows. */
const KEYS = "S3RVER:S3RVER";

export interface S3Server {
  /** What S3_URL would be. */
  url: string;
  port: number;
  /** Uploads that were begun and neither completed nor aborted. */
  unfinished(): Promise<string[]>;
}

/** Starts an S3 server with an empty bucket, which it keeps in a folder for temporary files. */
export async function startS3Server(t: CleanupScope): Promise<S3Server> {
  const folder = await tempDir(t);
  const { output } = await startProcess(t, {
    command: process.execPath,
    args: ["--openssl-legacy-provider", join(import.meta.dirname, "s3rver.ts"), folder, BUCKET],
    ready: /listening on \d+/,
  });
  const port = Number(/listening on (\d+)/.exec(output())?.[1]);
  return {
    url: s3Url(port),
    port,
    unfinished: async () =>
      await readdir(join(folder, BUCKET, "._S3rver_uploads")).catch((): string[] => []),
  };
}

/** The same bucket, through another port. */
export function s3Url(port: number): string {
  return `http://${KEYS}@127.0.0.1:${port}/${BUCKET}`;
}
