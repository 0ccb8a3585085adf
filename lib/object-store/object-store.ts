import type { Readable } from "node:stream";

/** What an object is, without its content. */
export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /** By the ending of its key, see object-key.ts. */
  readonly contentType: string;
  /** Quoted, as HTTP wants it; another content under the same key has another one. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** Bytes from `start` to `end`, both included, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectContent extends ObjectFacts {
  /** The bytes asked for. It must be read to its end or destroyed: it holds a file or a connection. */
  readonly stream: Readable;
}

export interface StoredObject {
  readonly size: number;
  /** Of the content, hexadecimal. */
  readonly sha256: string;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * Where videos, covers, images and replays are kept: under keys that object-key.ts knows, as files or
 * in an S3 bucket. An object is there as a whole or not at all.
 *
 * Every call throws a RangeError for what is not a key, and UNAVAILABLE of the error registry when the
 * store itself fails; its cause tells why.
 */
export interface ObjectStore {
  /**
   * Throws an Error with a sentence for people when the store cannot be used.
   */
  open(): Promise<void>;

  /**
   * Keeps what a stream or a generator gives, in bounded memory; an object of the same key is
   * replaced. It is durable when this is done. The source may use the memory of a piece again as soon
   * as it is asked for the next one.
   *
   * @throws what the source throws; then nothing is kept
   */
  put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject>;

  /**
   * The object, or a part of it; null when there is none of that key. The end of a range may lie
   * beyond the end of the object.
   *
   * @throws RangeError when the range begins beyond the end of the object
   */
  get(key: string, range?: ByteRange): Promise<ObjectContent | null>;

  head(key: string): Promise<ObjectFacts | null>;

  /** Gives an object another key, replacing what has that one. False when there is none to move. */
  move(from: string, to: string): Promise<boolean>;

  /** Nothing happens when there is no such object. */
  remove(key: string): Promise<void>;

  /**
   * All objects in a folder and those below it, in no particular order. What comes or goes meanwhile
   * may be missing or not.
   *
   * @param folder `""` for everything, or the beginning of keys up to a slash, such as `incoming/`
   */
  list(folder: string): AsyncIterable<ListedObject>;

  /**
   * Removes what is left of writes that never ended because their process died, and that began before
   * a time. Answers how many there were.
   */
  removeUnfinished(beforeMs: number): Promise<number>;

  /** Where the object would be as a file that programs can read; null when it is not on this machine. */
  localPath(key: string): string | null;

  close(): Promise<void>;
}
