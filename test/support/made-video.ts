import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A film of a second and a few kilobytes; different numbers make different bytes. */
const FILM = (n: number) => [
  "-f",
  "lavfi",
  "-i",
  `testsrc=size=160x120:rate=10:duration=1,hue=h=${n * 7}`,
];

/** What ffmpeg is asked to make, by what it is for. */
const recipes = {
  mp4: (n) => ({ name: `film-${n}.mp4`, args: [...FILM(n), "-pix_fmt", "yuv420p"] }),
  mov: (n) => ({ name: `film-${n}.mov`, args: [...FILM(n), "-pix_fmt", "yuv420p"] }),
  webm: (n) => ({ name: `film-${n}.webm`, args: [...FILM(n), "-c:v", "libvpx"] }),
  matroska: (n) => ({ name: `film-${n}.mkv`, args: FILM(n) }),
  /** Sound without a picture. */
  audio: () => ({ name: "tone.mp4", args: ["-f", "lavfi", "-i", "sine=duration=1"] }),
  /** One picture of 9000 × 9000 pixels, in a few hundred kilobytes. */
  wall: () => ({
    name: "wall.mov",
    args: ["-f", "lavfi", "-i", "color=size=9000x9000:rate=1:duration=1", "-c:v", "mjpeg"],
  }),
  wide: () => ({
    name: "wide.mov",
    args: ["-f", "lavfi", "-i", "color=size=4000x1000:rate=1:duration=1", "-c:v", "mjpeg"],
  }),
  /** More than an hour of one picture. */
  endless: () => ({
    name: "endless.mp4",
    args: "-f lavfi -i color=size=16x16:rate=1/400:duration=4000 -pix_fmt yuv420p".split(" "),
  }),
} satisfies Record<string, (n: number) => { name: string; args: string[] }>;

/** Makes a file with ffmpeg and answers its path. */
export async function makeVideo(
  folder: string,
  kind: keyof typeof recipes,
  n = 0,
): Promise<string> {
  const { name, args } = recipes[kind](n);
  const path = join(folder, name);
  await run("ffmpeg", ["-v", "error", "-y", "-threads", "1", ...args, path]);
  return path;
}

/** The bytes of such a file. */
export async function madeVideo(
  folder: string,
  kind: keyof typeof recipes,
  n = 0,
): Promise<Buffer> {
  return readFile(await makeVideo(folder, kind, n));
}

/** The same MP4 or MOV in other bytes, for each n its own: with a box at its end that players skip. */
export function variantOf(film: Buffer, n: number): Buffer {
  const box = Buffer.alloc(16);
  box.writeUInt32BE(box.length, 0);
  box.write("free", 4, "latin1");
  box.writeUInt32BE(n, 8);
  return Buffer.concat([film, box]);
}
