import { fail } from "../../contracts/errors.ts";

/** Longest video, in seconds. */
export const MAX_SECONDS = 3600;
/** Pixels in one picture: 8K. */
export const MAX_PIXELS = 7680 * 4320;
/** Pixels of either side. */
export const MAX_SIDE = 8192;

/** What is known about a file once a program has looked into it. */
export interface Footage {
  durationSeconds: number | null;
  tracks: readonly { kind: string; width: number; height: number; isCover: boolean }[];
}

/** What is kept about a video that can be shown. */
export interface Film {
  duration_ms: number;
  width: number;
  height: number;
}

/**
 * Decides whether a file is a video that can be shown.
 *
 * @param footage null when the file could not be read
 * @throws ProductError NOT_A_VIDEO, NO_VIDEO_TRACK, PICTURE_TOO_LARGE, VIDEO_TOO_LONG
 */
export function requireFilm(footage: Footage | null): Film {
  if (footage === null) fail("NOT_A_VIDEO");
  const film = footage.tracks.find(({ kind, isCover }) => kind === "video" && !isCover);
  if (film === undefined) fail("NO_VIDEO_TRACK");
  const { width, height } = film;
  if (width < 1 || height < 1) fail("NOT_A_VIDEO");
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    fail("PICTURE_TOO_LARGE", { width, height, max_pixels: MAX_PIXELS });
  // Browsers that record WebM leave the duration out; a single picture lasts no time.
  const seconds = Math.max(0, footage.durationSeconds ?? 0);
  if (seconds > MAX_SECONDS)
    fail("VIDEO_TOO_LONG", { seconds: Math.ceil(seconds), max_seconds: MAX_SECONDS });
  return { duration_ms: Math.round(seconds * 1000), width, height };
}

/** Where to take the cover from, in seconds: past a fade-in, but not the end. */
export function coverTime({ duration_ms }: Film): number {
  return Math.min(1, duration_ms / 1000 / 3);
}
