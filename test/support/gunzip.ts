import { createGunzip } from "node:zlib";

/** A browser's side of a compressed stream: decodes what has come so far, without its end. */
export class Gunzip {
  private readonly zlib = createGunzip();
  private readonly out: Buffer[] = [];
  private readonly failed = Promise.withResolvers<never>();

  constructor() {
    this.zlib.on("data", (chunk: Buffer) => this.out.push(chunk));
    this.zlib.on("error", (error) => this.failed.reject(error));
    this.failed.promise.catch(() => {});
  }

  /** Takes the next bytes; resolves with what they decode to, and rejects if they cannot be. */
  async write(bytes: Buffer): Promise<Buffer> {
    const written = new Promise<void>((resolve) => this.zlib.write(bytes, () => resolve()));
    await Promise.race([written, this.failed.promise]);
    return Buffer.concat(this.out.splice(0));
  }
}
