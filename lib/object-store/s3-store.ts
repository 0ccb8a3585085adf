import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { freeReads } from "./freed-chunks.ts";
import { measured } from "./measured.ts";
import { checkFolder, checkKey, contentTypeOf } from "./object-key.ts";
import type {
  ByteRange,
  ListedObject,
  ObjectContent,
  ObjectFacts,
  ObjectStore,
  StoredObject,
} from "./object-store.ts";
import { PartBuffers } from "./part-buffers.ts";
import { PART_BYTES, sendInParts } from "./s3-parts.ts";
import type { S3Address } from "./s3-url.ts";
import { storeFailed } from "./store-failure.ts";

/** How often a request, such as one part, is sent before it counts as failed. */
const ATTEMPTS = 4;
const CONNECT_MS = 5_000;
/** A server that is silent for this long in the middle of a request is given up on. */
const SILENCE_MS = 30_000;
const MAX_SOCKETS = 128;

/** Objects in a bucket of any server that speaks the S3 protocol. */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #memory = new PartBuffers(PART_BYTES);

  constructor(address: S3Address) {
    this.#bucket = address.bucket;
    this.#prefix = address.prefix;
    this.#client = new S3Client({
      region: address.region,
      forcePathStyle: address.pathStyle,
      maxAttempts: ATTEMPTS,
      // Servers other than AWS's know neither its newer checksums nor the trailers they come in; what
      // is sent is covered by the signature anyway.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        httpAgent: { maxSockets: MAX_SOCKETS },
        httpsAgent: { maxSockets: MAX_SOCKETS },
      },
      ...(address.endpoint === null ? {} : { endpoint: address.endpoint }),
      ...(address.credentials === null ? {} : { credentials: address.credentials }),
    });
  }

  async open(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      throw new Error(
        `The bucket "${this.#bucket}" of S3_URL cannot be used (${reasonOf(error)}).`,
      );
    }
  }

  async put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const Key = this.#name(key);
    let broken: { by: unknown } | undefined;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* source;
      } catch (error) {
        broken = { by: error };
        throw error;
      }
    }
    const { bytes, result } = measured(watched());
    try {
      const to = { Bucket: this.#bucket, Key, ContentType: contentTypeOf(key) };
      await sendInParts(this.#client, to, bytes, this.#memory);
      return result();
    } catch (error) {
      throw broken === undefined ? storeFailed(error) : broken.by;
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectContent | null> {
    const Key = this.#name(key);
    const Range = range && `bytes=${range.start}-${Number.isFinite(range.end) ? range.end : ""}`;
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key,
      ...(Range === undefined ? {} : { Range }),
    });
    try {
      const found = await this.#client.send(command);
      const sent = sentRange(found.ContentRange);
      const body = found.Body as IncomingMessage;
      freeReads(body);
      return {
        ...factsOf(key, found),
        size: sent?.size ?? found.ContentLength ?? 0,
        stream: onlyRange(body, range, sent),
      };
    } catch (error) {
      if (isMissing(error)) return null;
      if (statusOf(error) === 416) throw new RangeError("the object ends before that range begins");
      throw storeFailed(error);
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#name(key) });
    try {
      const found = await this.#client.send(command);
      return { ...factsOf(key, found), size: found.ContentLength ?? 0 };
    } catch (error) {
      if (isMissing(error)) return null;
      throw storeFailed(error);
    }
  }

  async move(from: string, to: string): Promise<boolean> {
    const command = new CopyObjectCommand({
      Bucket: this.#bucket,
      CopySource: `${this.#bucket}/${this.#name(from)}`,
      Key: this.#name(to),
      MetadataDirective: "REPLACE",
      ContentType: contentTypeOf(to),
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (isMissing(error)) return false;
      throw storeFailed(error);
    }
    await this.remove(from);
    return true;
  }

  async remove(key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#name(key) });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (!isMissing(error)) throw storeFailed(error);
    }
  }

  async *list(folder: string): AsyncGenerator<ListedObject> {
    checkFolder(folder);
    const Prefix = `${this.#prefix}${folder}`;
    let token: string | undefined;
    do {
      const page = await this.#listed(Prefix, token);
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        const key = Key?.slice(this.#prefix.length) ?? "";
        yield { key, size: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async removeUnfinished(beforeMs: number): Promise<number> {
    const Bucket = this.#bucket;
    let removed = 0;
    try {
      const { Uploads = [] } = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix: this.#prefix }),
      );
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (Initiated === undefined || Initiated.getTime() >= beforeMs) continue;
        await this.#client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
        removed++;
      }
      return removed;
    } catch (error) {
      throw storeFailed(error);
    }
  }

  localPath(key: string): null {
    checkKey(key);
    return null;
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #name(key: string): string {
    checkKey(key);
    return `${this.#prefix}${key}`;
  }

  async #listed(Prefix: string, ContinuationToken: string | undefined) {
    const from = ContinuationToken === undefined ? {} : { ContinuationToken };
    try {
      return await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix, ...from }),
      );
    } catch (error) {
      throw storeFailed(error);
    }
  }
}

function factsOf(
  key: string,
  found: { ETag?: string | undefined; LastModified?: Date | undefined },
) {
  const { ETag = "", LastModified } = found;
  return {
    contentType: contentTypeOf(key),
    etag: ETag.startsWith('"') ? ETag : `"${ETag}"`,
    modifiedMs: LastModified?.getTime() ?? 0,
  };
}

/** Servers may send more than was asked for: HTTP lets them, and some do. */
function onlyRange(body: Readable, asked: ByteRange | undefined, sent: SentRange | null): Readable {
  if (asked === undefined) return body;
  const from = sent?.start ?? 0;
  if (sent !== null && from === asked.start && sent.end <= asked.end) return body;
  return Readable.from(cut(body, from, asked), { objectMode: false });
}

async function* cut(body: Readable, from: number, asked: ByteRange): AsyncGenerator<Buffer> {
  let at = from;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(Math.max(0, asked.start - at), Math.max(0, asked.end + 1 - at));
    at += chunk.length;
    if (piece.length > 0) yield piece;
    if (at > asked.end) return;
  }
}

interface SentRange extends ByteRange {
  /** Of the whole object. */
  size: number;
}

function sentRange(contentRange: string | undefined): SentRange | null {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  if (found === null) return null;
  return { start: Number(found[1]), end: Number(found[2]), size: Number(found[3]) };
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** A missing bucket is not a missing object. */
function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && (error as Error).name !== "NoSuchBucket";
}

/** Never with an address or credentials in it. */
function reasonOf(error: unknown): string {
  const status = statusOf(error);
  if (status === 404) return "there is no such bucket";
  if (status === 403) return "access is denied";
  const { name, code } = error as NodeJS.ErrnoException;
  return code ?? (status === undefined ? name : `${name}, HTTP ${status}`);
}
