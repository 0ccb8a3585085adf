import { join } from "node:path";
import type { Env } from "../env.ts";
import { FileStore } from "./file-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { S3Store } from "./s3-store.ts";
import { parseS3Url } from "./s3-url.ts";

/** The one store of a node: the bucket of `S3_URL`, else files in the data folder. */
export function createObjectStore(env: Pick<Env, "s3Url" | "dataDir">): ObjectStore {
  return env.s3Url === null
    ? new FileStore(join(env.dataDir, "objects"))
    : new S3Store(parseS3Url(env.s3Url));
}
