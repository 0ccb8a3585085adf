/** A store that no upload goes to keeps no more than this for the next one. */
const KEPT = 1;

/**
 * Memory for the parts that uploads gather. The next upload takes what the last one was through with:
 * otherwise each that begins before V8 has collected anything adds its own.
 */
export class PartBuffers {
  readonly #size: number;
  readonly #spare: Buffer[] = [];

  /** @param size of each, in bytes */
  constructor(size: number) {
    this.#size = size;
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  /** Nobody may read or write the buffer any more who had it until now. */
  giveBack(buffer: Buffer): void {
    if (this.#spare.length < KEPT) this.#spare.push(buffer);
  }
}
