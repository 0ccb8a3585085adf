import { Readable } from "node:stream";
import { fail } from "../../contracts/errors.ts";
import type { Upload } from "../../contracts/objects.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import type { Container } from "./container.ts";
import type { Inspected } from "./inspection.ts";
import { type ContentStore, coverKey, playKey, type VideoStore } from "./video.ts";

/** What is needed to publish. */
export interface PublishingPorts {
  videos: VideoStore;
  contents: ContentStore;
  objects: Pick<ObjectStore, "put" | "move" | "remove">;
  /** Looks into a file and makes its cover. @throws ProductError that says why it is refused */
  inspect(object: string): Promise<Inspected>;
  /** Refuses a user who would keep too much with so many bytes more. @throws QUOTA_EXCEEDED */
  admit(userId: number, bytes: number): Promise<void>;
  /** Writes down that a user keeps an object; once for each. @throws QUOTA_EXCEEDED */
  record(userId: number, key: string, bytes: number): Promise<void>;
  newId(): number;
  now(): number;
}

/** How long somebody who comes while bytes are being removed should wait, in ms. */
const REMOVAL_MS = 2_000;

/**
 * Turns an upload into a listed video: inspected, stored under the name of its content, then in one
 * transaction with its author's count. Whatever dies on the way, nobody ever sees half of it; what
 * is left in the store has a row that says so, and {@link removeAbandoned} takes it away.
 *
 * Bytes that are known are neither inspected nor stored again. Every publication is a video of its own,
 * also of the same bytes by the same author.
 *
 * @returns the video's id; it is durable and listed
 * @throws ProductError of the inspection; QUOTA_EXCEEDED; UNAVAILABLE while the same bytes are being removed
 */
export async function publish(
  { videos, contents, objects, inspect, admit, record, newId, now }: PublishingPorts,
  upload: Upload,
  authorId: number,
  title: string,
): Promise<number> {
  const { object, sha256, size } = upload;
  await admit(authorId, size);
  const known = await contents.find(sha256);
  const container = known?.state === "stored" ? known.container : await take();
  // Before the video is listed: of many at once only as many are as the author may keep.
  await record(authorId, playKey(sha256, container), size);
  const id = newId();
  const nowMs = now();
  const video = { id, author_id: authorId, content: sha256, container, title, create_ms: nowMs };
  if (!(await videos.publish(video, nowMs))) fail("UNAVAILABLE", { retry_after_ms: REMOVAL_MS });
  return id;

  async function take(): Promise<Container> {
    const inspected = await inspect(object);
    await store(inspected);
    return inspected.container;
  }

  async function store({ container, film, cover }: Inspected): Promise<void> {
    const content = { sha256, container, size, ...film };
    const state = await contents.begin(content, now());
    // Somebody else was faster with the same bytes, or slower with taking them away.
    if (state === "stored") return;
    if (state === "removing") fail("UNAVAILABLE", { retry_after_ms: REMOVAL_MS });
    await objects.put(coverKey(sha256), Readable.from([cover]));
    if (!(await objects.move(object, playKey(sha256, container)))) fail("UNAVAILABLE");
  }
}

/** What was begun so long ago is not going to be finished, in ms. */
export const ABANDONED_MS = 3_600_000;
/** Contents that are removed at a time. */
const MAX_REMOVALS = 100;

/**
 * Removes what was left in the store by publications that never ended, and by removals that did not.
 *
 * @returns how many there were
 */
export async function removeAbandoned(
  { contents, objects }: Pick<PublishingPorts, "contents" | "objects">,
  nowMs: number,
): Promise<number> {
  const claimed = await contents.claimAbandoned(nowMs - ABANDONED_MS, nowMs, MAX_REMOVALS);
  for (const { sha256, container } of claimed) {
    await objects.remove(playKey(sha256, container));
    await objects.remove(coverKey(sha256));
    await contents.forget(sha256);
  }
  return claimed.length;
}
