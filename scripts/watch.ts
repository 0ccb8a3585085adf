import type { Room } from "../contracts/objects.ts";
import { Failure } from "./bootstrap/failure.mjs";
import { ApiError, LiveApi, UnreachableError } from "./lib/live-api.ts";
import { followRoom } from "./lib/room-stream.ts";
import { Lines } from "./watch/lines.ts";
import { HELP, readOptions, type WatchOptions } from "./watch/options.ts";
import { paint } from "./watch/paint.ts";
import { printable, printableJson } from "./watch/printable.ts";
import { Screen } from "./watch/screen.ts";
import { Watcher } from "./watch/watcher.ts";

const PAGE = 100;
const TICK_MS = 1_000;

async function main(signal: AbortSignal): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const api = new LiveApi(options.url);
  if (options.liveId === null) await list(api, options, signal);
  else await watch(api, options.liveId, options, signal);
}

async function list(api: LiveApi, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { rooms, total } = await api.rooms({ offset: 0, limit: PAGE }, signal);
  if (options.json) {
    for (const room of rooms) console.log(printableJson(room));
    return;
  }
  if (rooms.length === 0) {
    console.log(`No room is live at ${api.base}.`);
    return;
  }
  const lines = linesFor(options);
  console.log(rooms.map((room) => lines.listed(room, Date.now())).join("\n"));
  if (total > rooms.length) console.log(` … and ${total - rooms.length} more`);
  console.log("\n npm run watch -- <live_id> shows one of them.");
}

async function watch(
  api: LiveApi,
  liveId: number,
  options: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const room = await api.room(liveId, signal);
  if (!room.is_live) throw new Failure(`the show "${room.room_name}" is over`);
  const stream = followRoom({
    base: api.base,
    liveId,
    ...(options.recent > 0 ? { recent: options.recent } : {}),
    signal,
    random: Math.random,
  });
  if (options.json) {
    for await (const news of stream) if (news.kind === "event") console.log(jsonLine(news.event));
    return;
  }
  await show(room, stream, options);
}

async function show(
  room: Room,
  stream: ReturnType<typeof followRoom>,
  options: WatchOptions,
): Promise<void> {
  const screen = new Screen(process.stdout);
  const watcher = new Watcher(room, linesFor(options), screen);
  const ticks = setInterval(() => watcher.tick(Date.now()), TICK_MS);
  try {
    watcher.begin(Date.now());
    for await (const news of stream) watcher.take(news, Date.now());
  } finally {
    clearInterval(ticks);
    screen.close();
  }
}

function linesFor({ color }: WatchOptions): Lines {
  return new Lines(paint(color && process.stdout.isTTY === true));
}

function jsonLine({ event, id, data }: { event: string; id: string | null; data: string }): string {
  return printableJson({ event, id: id === null ? null : Number(id), data: JSON.parse(data) });
}

/** What went wrong, for people. */
function sentence(error: unknown): string | null {
  if (error instanceof Failure || error instanceof UnreachableError) return error.message;
  if (!(error instanceof ApiError)) return null;
  if (error.is("ROOM_NOT_FOUND"))
    return "there is no room with that live_id; without one, the rooms that are live are listed";
  if (error.is("ROOM_NOT_LIVE")) return "the show in this room is over";
  if (error.is("NEED_LOGIN")) return "this server lets nobody watch who is not signed in";
  return `the server says: ${error.message}`;
}

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => leaving.abort());
// Whoever reads our output has seen enough, as `| head` does.
process.stdout.on("error", () => process.exit(0));

try {
  await main(leaving.signal);
} catch (error) {
  if (!leaving.signal.aborted) {
    const text = sentence(error);
    if (text === null) throw error;
    console.error(`molimoli: ${printable(text)}`);
    process.exitCode = 1;
  }
}
