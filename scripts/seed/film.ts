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

/** Colours that go together, from dark to light. */
const PALETTES = [
  ["0b1026", "3a1c71", "d76d77", "ffaf7b"],
  ["0f2027", "2c7744", "8fb339", "f9d423"],
  ["141e30", "243b55", "36d1dc", "c6fffa"],
  ["2d0b3a", "8e2de2", "f953c6", "ffd3e8"],
  ["1a120b", "a44200", "f18f01", "fff3b0"],
] as const;

/** Patterns that ffmpeg draws by itself and fast, by the look. */
const PATTERNS = [gradient, cells, gradient, fractal, gradient, triangles];

function gradient(look: number): string {
  const colours = paletteOf(look).map((colour, n) => `c${n}=0x${colour}`);
  const from = look % 2 === 0 ? "x0=0:y0=0:x1=359:y1=639" : "x0=359:y0=0:x1=0:y1=639";
  return `gradients=size=${SIZE}:rate=${RATE}:n=4:${colours.join(":")}:${from}:speed=0.02:seed=${look + 1}`;
}

/** Conway's game of life. */
function cells(look: number): string {
  const [death, , life, mold] = paletteOf(look);
  const colours = `life_color=#${life}:death_color=#${mold}:mold_color=#${death}`;
  return `life=size=90x160:rate=${RATE}:mold=12:ratio=0.2:seed=${look + 1}:${colours},${ENLARGED}`;
}

/** A way into the Mandelbrot set. */
function fractal(look: number): string {
  const way = "start_scale=0.6:end_scale=0.05:end_pts=60:maxiter=200";
  return `mandelbrot=size=180x320:rate=${RATE}:${way},scale=360:640,hue=h=${look * 37}`;
}

/** A cellular automaton of one dimension. */
function triangles(look: number): string {
  const rule = [110, 30, 90, 150][look % 4];
  const tint = `colorchannelmixer=rr=0.${2 + (look % 5)}:gg=0.4:bb=0.${8 - (look % 5)}`;
  return `cellauto=size=90x160:rate=${RATE}:rule=${rule}:random_seed=${look + 1},${ENLARGED},${tint}`;
}

const ENLARGED = `scale=${SIZE.replace("x", ":")}:flags=neighbor`;

function paletteOf(look: number): (typeof PALETTES)[number] {
  return PALETTES[look % PALETTES.length] as (typeof PALETTES)[number];
}

/** Makes a short film with sound; the look decides what is in it. @throws Failure without ffmpeg */
export function makeFilm(look: number, signal: AbortSignal): Promise<Buffer> {
  const pattern = PATTERNS[look % PATTERNS.length] as (look: number) => string;
  const sound = `sine=frequency=${220 + (look % 12) * 40}`;
  const seconds = String(3 + (look % 4));
  const inputs = ["-f", "lavfi", "-i", pattern(look), "-f", "lavfi", "-i", sound, "-t", seconds];
  const output = "-pix_fmt yuv420p -movflags +faststart".split(" ");
  return made("film.mp4", [...inputs, ...output], signal);
}

/** Makes a picture for an account. @throws Failure without ffmpeg */
export function makePortrait(look: number, signal: AbortSignal): Promise<Buffer> {
  const pattern = look % 2 === 0 ? gradient(look / 2) : cells(look);
  const frame = "-frames:v 1 -vf crop=320:320".split(" ");
  return made("portrait.png", ["-ss", "1", "-f", "lavfi", "-i", pattern, ...frame], signal);
}

async function made(name: string, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
  const ffmpeg = requireProgram("ffmpeg");
  const folder = await mkdtemp(join(tmpdir(), "molimoli-seed-"));
  try {
    const path = join(folder, name);
    const carefully = "-v error -nostdin -threads 1".split(" ");
    await run(ffmpeg, [...carefully, ...args, path], { timeout: FILM_MS, signal });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
