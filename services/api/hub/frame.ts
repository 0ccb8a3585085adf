import { compressBlock } from "./gzip.ts";

/**
 * What goes to every viewer of a room in one write: some messages, some notices, or both, encoded
 * once. Frames are numbered per room, so that a viewer's place is one number.
 */
export class Frame {
  /** 1, 2, 3 … within the hub's room. */
  readonly seq: number;
  /** Ascending ids of the messages inside; empty for notices alone. */
  readonly ids: number[];
  readonly plain: Buffer;
  private compressed: Buffer | null = null;

  constructor(seq: number, ids: number[], text: string) {
    this.seq = seq;
    this.ids = ids;
    this.plain = Buffer.from(text);
  }

  /** Compressed when the first viewer needs it. */
  get gzip(): Buffer {
    this.compressed ??= compressBlock(this.plain);
    return this.compressed;
  }

  get lastId(): number {
    return this.ids.at(-1) ?? 0;
  }

  /**
   * The text after a message inside this frame, for a viewer who was cut off in its middle; all of
   * it when the cursor lies before. Events are separated by blank lines and JSON has no raw newline,
   * so an id line cannot occur inside data.
   */
  after(cursor: number): Buffer {
    let last = -1;
    for (const id of this.ids) if (id <= cursor) last = id;
    if (last === -1) return this.plain;
    const line = this.plain.indexOf(`id: ${last}\n`);
    return this.plain.subarray(this.plain.indexOf("\n\n", line) + 2);
  }
}
