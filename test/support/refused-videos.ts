import { deflateRawSync } from "node:zlib";
import type { ErrorName } from "../../contracts/errors.ts";
import { madeVideo } from "./made-video.ts";

export interface RefusedVideo {
  name: string;
  /** As what it is refused. */
  error: ErrorName;
  bytes(): Promise<Buffer>;
}

/** Files that are not to be published, and why. `folder` is where ffmpeg may make some of them. */
export function refusedVideos(folder: string): RefusedVideo[] {
  const made = (kind: Parameters<typeof madeVideo>[1]) => () => madeVideo(folder, kind, 90);
  const text = (content: string) => async () => Buffer.from(content);
  const playlist = "#EXTM3U\n#EXTINF:1,\nfile:/etc/passwd\n#EXT-X-ENDLIST\n";
  return [
    { name: "an empty file", error: "NOT_A_VIDEO", bytes: text("") },
    { name: "a text file", error: "NOT_A_VIDEO", bytes: text("film ".repeat(5000)) },
    { name: "a zip bomb", error: "NOT_A_VIDEO", bytes: async () => zipBomb() },
    { name: "a playlist of other files", error: "NOT_A_VIDEO", bytes: text(playlist) },
    { name: "a film in another container", error: "NOT_A_VIDEO", bytes: made("matroska") },
    {
      name: "a film that was cut off",
      error: "NOT_A_VIDEO",
      bytes: async () => (await madeVideo(folder, "mp4", 90)).subarray(0, 3000),
    },
    {
      name: "a film whose pictures are noise",
      error: "VIDEO_DAMAGED",
      bytes: async () => damaged(await madeVideo(folder, "mp4", 90)),
    },
    { name: "sound alone", error: "NO_VIDEO_TRACK", bytes: made("audio") },
    { name: "a picture as large as a wall", error: "PICTURE_TOO_LARGE", bytes: made("wall") },
    { name: "more than an hour", error: "VIDEO_TOO_LONG", bytes: made("endless") },
  ];
}

/** The shape of an archive of 100 MB of nothing. */
function zipBomb(): Buffer {
  const body = deflateRawSync(Buffer.alloc(100_000_000));
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(body.length, 18);
  header.writeUInt32LE(100_000_000, 22);
  header.writeUInt16LE(8, 26);
  return Buffer.concat([header, Buffer.from("film.mp4"), body]);
}

/** The description stays whole, and the pictures do not. */
function damaged(film: Buffer): Buffer {
  const start = film.indexOf("mdat") + 4;
  return Buffer.from(film).fill(0xff, start, film.indexOf("moov") - 4);
}
