import type { VideoRow } from "../../contracts/short-video.ts";
import type { Container } from "./container.ts";
import type { Film } from "./footage.ts";

/** A published video, as it is kept. */
export interface StoredVideo {
  id: number;
  author_id: number;
  /** SHA-256 of its bytes, hexadecimal; several videos may have the same. */
  content: string;
  container: Container;
  title: string;
  /** Unix ms, of its own: no two videos have the same. */
  create_ms: number;
}

/**
 * What becomes of the bytes of a video. `storing` is written before anything is put into the store,
 * so whatever is there has a row; only what is `stored` has videos; `removing` belongs to clean-up.
 */
export type ContentState = "storing" | "stored" | "removing";

/** The bytes of a video, as they are kept: once, however many published them. */
export interface ContentRow extends Film {
  sha256: string;
  state: ContentState;
  /** When somebody last began to store or to remove it, in Unix ms. */
  touched_ms: number;
  container: Container;
  /** Bytes. */
  size: number;
}

/** Where videos are kept. */
export interface VideoStore {
  /** Those older than a time, the newest first, each with the number of its author's videos. */
  findBefore(beforeMs: number, limit: number): Promise<(StoredVideo & { works: number })[]>;
  /** An author's, the newest first. */
  findByAuthor(authorId: number, limit: number): Promise<StoredVideo[]>;
  /** Those of the given ids that exist, in no particular order. */
  findByIds(ids: readonly number[]): Promise<StoredVideo[]>;
  /** How many videos each of these users has published; users without any may be left out. */
  findWorks(userIds: readonly number[]): Promise<{ user_id: number; works: number }[]>;
  /**
   * Lists a video whose bytes are in the store: in one transaction these become `stored` and the
   * author has one work more. The video's time is moved on where another one has it.
   *
   * @returns false, and nothing has changed, when the bytes are being removed or are gone
   */
  publish(video: StoredVideo, nowMs: number): Promise<boolean>;
}

/** Where is kept what becomes of bytes. */
export interface ContentStore {
  find(sha256: string): Promise<ContentRow | null>;
  /** Says that bytes are about to be stored; answers what state they are in now. */
  begin(content: Omit<ContentRow, "state" | "touched_ms">, nowMs: number): Promise<ContentState>;
  /**
   * Takes what somebody began to store or to remove before a time and never finished, to remove it:
   * of several that do, one gets each.
   */
  claimAbandoned(beforeMs: number, nowMs: number, limit: number): Promise<ContentRow[]>;
  /** What was claimed is gone from the store. */
  forget(sha256: string): Promise<void>;
}

/** Where the bytes of a video are in the object store. */
export function playKey(content: string, container: Container): string {
  return `video/${content}.${container}`;
}

/** Where its cover is. */
export function coverKey(content: string): string {
  return `cover/${content}.jpg`;
}

/** A video as other services see it; the gateway serves objects below `/media/`. */
export function toRow({
  id,
  author_id,
  content,
  container,
  title,
  create_ms,
}: StoredVideo): VideoRow {
  return {
    video_id: id,
    author: author_id,
    play: `/media/${playKey(content, container)}`,
    cover: `/media/${coverKey(content)}`,
    title,
    create_ms,
  };
}
