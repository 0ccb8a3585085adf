import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { PartBuffers } from "./part-buffers.ts";

/** S3 takes no smaller parts, but for the last one; and at most 10,000 of them: 48 GiB. */
export const PART_BYTES = 5 * 1024 * 1024;

/** Where an object goes, and what it is. */
export interface Destination {
  readonly Bucket: string;
  readonly Key: string;
  readonly ContentType: string;
}

/**
 * Sends a stream as one object: in a single request when it is small, else in parts, each of which the
 * client repeats when it fails. A part is gathered in one buffer, which is used again and again; while
 * it is being sent, what comes waits in the system's socket. When anything fails nothing is left in the
 * bucket.
 *
 * @param memory of buffers with {@link PART_BYTES}
 * @throws what the source or the client throws
 */
export async function sendInParts(
  client: S3Client,
  to: Destination,
  source: AsyncIterable<Uint8Array>,
  memory: PartBuffers,
): Promise<void> {
  const upload = new PartedUpload(client, to, memory);
  try {
    for await (const chunk of source) await upload.add(chunk);
    await upload.finish();
  } catch (error) {
    await upload.abandon();
    throw error;
  }
}

class PartedUpload {
  readonly #client: S3Client;
  readonly #to: Destination;
  readonly #memory: PartBuffers;
  readonly #parts: CompletedPart[] = [];
  #id: string | undefined;
  readonly #buffer: Buffer;
  #filled = 0;

  constructor(client: S3Client, to: Destination, memory: PartBuffers) {
    this.#client = client;
    this.#to = to;
    this.#memory = memory;
    this.#buffer = memory.take();
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength; ) {
      // Only now is it certain that this part is not the last one.
      if (this.#filled === PART_BYTES) await this.#sendPart();
      const piece = chunk.subarray(from, from + PART_BYTES - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      from += piece.byteLength;
    }
  }

  async finish(): Promise<void> {
    await this.#sendLast();
    // Not after a failure: a connection that nobody waits for may still be sending what is in it.
    this.#memory.giveBack(this.#buffer);
  }

  /** Takes back what was sent. Where that fails too, clean-up will. */
  async abandon(): Promise<void> {
    if (this.#id === undefined) return;
    const command = new AbortMultipartUploadCommand({ ...this.#place(), UploadId: this.#id });
    await this.#client.send(command).catch(() => {});
  }

  async #sendLast(): Promise<void> {
    if (this.#id === undefined) {
      const Body = this.#buffer.subarray(0, this.#filled);
      await this.#client.send(new PutObjectCommand({ ...this.#to, Body }));
      return;
    }
    await this.#sendPart();
    const command = new CompleteMultipartUploadCommand({
      ...this.#place(),
      UploadId: this.#id,
      MultipartUpload: { Parts: this.#parts },
    });
    await this.#client.send(command);
  }

  async #sendPart(): Promise<void> {
    if (this.#id === undefined) {
      const begun = await this.#client.send(new CreateMultipartUploadCommand(this.#to));
      this.#id = begun.UploadId;
    }
    const PartNumber = this.#parts.length + 1;
    const command = new UploadPartCommand({
      ...this.#place(),
      UploadId: this.#id,
      PartNumber,
      Body: this.#buffer.subarray(0, this.#filled),
    });
    const { ETag } = await this.#client.send(command);
    this.#parts.push({ PartNumber, ETag });
    this.#filled = 0;
  }

  #place(): Pick<Destination, "Bucket" | "Key"> {
    return { Bucket: this.#to.Bucket, Key: this.#to.Key };
  }
}
