import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { requireProgram } from "../bootstrap/programs.mjs";

const run = promisify(execFile);

/** Pixels, in the shape of a phone held upright. */
const SIZE = "360x640";
const RATE = 12;
const FILM_MS = 60_000;

/** What ffmpeg can draw by itself and fast, by the look. */
const PICTURES = [
  (look: number) => `testsrc2=size=${SIZE}:rate=${RATE},hue=h=${look * 47}`,
  (look: number) => `smptehdbars=size=${SIZE}:rate=${RATE},hue=h=${look * 31}:s=2`,
  (look: number) =>
    `life=size=90x160:rate=${RATE}:mold=12:seed=${look + 1}:life_color=#ffcc66:death_color=#224466,scale=${SIZE.replace("x", ":")}:flags=neighbor`,
  (look: number) =>
    `cellauto=size=90x160:rate=${RATE}:rule=${[30, 90, 110, 150][look % 4]}:seed=${look + 1},scale=${SIZE.replace("x", ":")}:flags=neighbor,hue=h=${look * 53}`,
  (look: number) => `testsrc=size=${SIZE}:rate=${RATE},hue=h=${look * 29}`,
];

/** Makes a short film with sound; the look decides what is in it. @throws Failure without ffmpeg */
export async function makeFilm(look: number, signal: AbortSignal): Promise<Buffer> {
  const ffmpeg = requireProgram("ffmpeg");
  const folder = await mkdtemp(join(tmpdir(), "molimoli-seed-"));
  try {
    const path = join(folder, "film.mp4");
    const seconds = 3 + (look % 4);
    const picture = (PICTURES[look % PICTURES.length] as (look: number) => string)(look);
    const args = [
      ..."-v error -nostdin -threads 1 -f lavfi -i".split(" "),
      picture,
      ..."-f lavfi -i".split(" "),
      `sine=frequency=${220 + (look % 12) * 40}`,
      "-t",
      String(seconds),
      ..."-pix_fmt yuv420p -movflags +faststart".split(" "),
      path,
    ];
    await run(ffmpeg, args, { timeout: FILM_MS, signal });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
