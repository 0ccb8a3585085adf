import { fail } from "../../contracts/errors.ts";
import type { VideoTools } from "../../lib/ffmpeg.ts";
import { type Container, containerOf, HEAD_BYTES } from "./container.ts";
import { coverTime, type Film, requireFilm } from "./footage.ts";

/** What an inspection finds in a video. */
export interface Inspected {
  container: Container;
  film: Film;
  /** A frame of it, as a JPEG. */
  cover: Buffer;
}

/** A file to look into. */
export interface InspectedFile {
  /** Its first bytes, up to {@link HEAD_BYTES} of them. */
  head(bytes: number): Promise<Buffer>;
  /** Lets a program read it as a file of this machine. */
  asLocal<T>(use: (path: string) => Promise<T>): Promise<T>;
}

/**
 * Looks into a file: is it a video that can be shown, and what does a frame of it look like?
 *
 * @throws ProductError NOT_A_VIDEO, NO_VIDEO_TRACK, PICTURE_TOO_LARGE, VIDEO_TOO_LONG, VIDEO_DAMAGED;
 *   ToolError where the tools cannot be used
 */
export async function inspect(
  file: InspectedFile,
  tools: VideoTools,
  signal: AbortSignal,
): Promise<Inspected> {
  const container = containerOf(await file.head(HEAD_BYTES)) ?? fail("NOT_A_VIDEO");
  return file.asLocal(async (path) => {
    const film = requireFilm(await tools.probe(path, signal));
    const cover =
      (await tools.frame(path, coverTime(film), signal)) ??
      (await tools.frame(path, 0, signal)) ??
      fail("VIDEO_DAMAGED");
    return { container, film, cover };
  });
}
