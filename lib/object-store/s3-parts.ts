import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

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
 * client repeats when it fails. While one part is sent the next one is gathered; the memory of two is
 * all that it takes, and it is used again and again. When anything fails nothing is left in the bucket.
 *
 * @throws what the source or the client throws
 */
export async function sendInParts(
  client: S3Client,
  to: Destination,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const upload = new PartedUpload(client, to);
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
  readonly #parts: CompletedPart[] = [];
  #id: string | undefined;
  /** Being filled, and (once there is one) being sent. */
  #buffers: [Buffer, Buffer?] = [Buffer.allocUnsafeSlow(PART_BYTES)];
  #filled = 0;
  /** The part that is being sent; failures wait there until somebody asks. */
  #sending: Promise<void> = Promise.resolve();

  constructor(client: S3Client, to: Destination) {
    this.#client = client;
    this.#to = to;
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength; ) {
      if (this.#filled === PART_BYTES) await this.#sendFull();
      const piece = chunk.subarray(from, from + PART_BYTES - this.#filled);
      this.#buffers[0].set(piece, this.#filled);
      this.#filled += piece.byteLength;
      from += piece.byteLength;
    }
  }

  async finish(): Promise<void> {
    const last = this.#buffers[0].subarray(0, this.#filled);
    if (this.#id === undefined) {
      await this.#client.send(new PutObjectCommand({ ...this.#to, Body: last }));
      return;
    }
    await this.#sending;
    await this.#sendPart(last);
    const command = new CompleteMultipartUploadCommand({
      ...this.#place(),
      UploadId: this.#id,
      MultipartUpload: { Parts: this.#parts },
    });
    await this.#client.send(command);
  }

  /** Takes back what was sent. Where that fails too, clean-up will. */
  async abandon(): Promise<void> {
    await this.#sending.catch(() => {});
    if (this.#id === undefined) return;
    const command = new AbortMultipartUploadCommand({ ...this.#place(), UploadId: this.#id });
    await this.#client.send(command).catch(() => {});
  }

  /** Sends the full buffer and goes on with the other one, once the part in it has been sent. */
  async #sendFull(): Promise<void> {
    await this.#sending;
    if (this.#id === undefined) {
      const begun = await this.#client.send(new CreateMultipartUploadCommand(this.#to));
      this.#id = begun.UploadId;
    }
    const [full, free = Buffer.allocUnsafeSlow(PART_BYTES)] = this.#buffers;
    this.#buffers = [free, full];
    this.#filled = 0;
    this.#sending = this.#sendPart(full);
    this.#sending.catch(() => {});
  }

  async #sendPart(Body: Buffer): Promise<void> {
    const PartNumber = this.#parts.length + 1;
    const command = new UploadPartCommand({
      ...this.#place(),
      UploadId: this.#id,
      PartNumber,
      Body,
    });
    const { ETag } = await this.#client.send(command);
    this.#parts.push({ PartNumber, ETag });
  }

  #place(): Pick<Destination, "Bucket" | "Key"> {
    return { Bucket: this.#to.Bucket, Key: this.#to.Key };
  }
}
