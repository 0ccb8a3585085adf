import { createHash } from "node:crypto";
import type { ContentRow, StoredVideo } from "../../services/video/video.ts";

export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What is kept of the bytes of a video; `name` stands for the bytes. */
export function someContent(name: string): Omit<ContentRow, "state" | "touched_ms"> {
  const film = { duration_ms: 1000, width: 160, height: 120 };
  return { sha256: sha256(name), container: "mp4", size: 1234, ...film };
}

/** A video of those bytes. */
export function someVideo(id: number, name: string, more: Partial<StoredVideo> = {}): StoredVideo {
  const { sha256: content, container } = someContent(name);
  const create_ms = 1_795_300_000_000 + id;
  return { id, author_id: 7, content, container, title: `video ${id}`, create_ms, ...more };
}
