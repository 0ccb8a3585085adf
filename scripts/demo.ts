import { relative } from "node:path";
import type { Room } from "../contracts/objects.ts";
import { EnvError } from "../lib/env.ts";
import { Failure } from "./bootstrap/failure.mjs";
import { Account } from "./demo/account.ts";
import { Bot } from "./demo/bot.ts";
import { type Character, cast, DEMO_PASSWORD, DEMO_STREAMER, DEMO_VIEWER } from "./demo/cast.ts";
import { perform } from "./demo/crowd.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import { openRoom } from "./demo/room.ts";
import { type DemoServer, startServer } from "./demo/server.ts";
import { ApiError, UnreachableError } from "./lib/live-api.ts";

/** Sign-ins at a time: the server computes two password hashes at once. */
const SIGN_INS = 4;

/** @returns false when the server ended by itself */
async function main(options: DemoOptions, interrupted: AbortSignal): Promise<boolean> {
  console.log("Starting the server …");
  const server = await startServer(process.env, interrupted);
  const gone = new AbortController();
  server.ended.then(() => gone.abort());
  const signal = AbortSignal.any([interrupted, gone.signal]);
  try {
    await run(server, options, signal);
  } catch (error) {
    // Whatever was under way when it was time to stop has failed; nobody needs to hear of it.
    if (!signal.aborted) throw error;
  } finally {
    if (!gone.signal.aborted) console.log("\nStopping …");
    await server.stop();
  }
  return interrupted.aborted;
}

async function run(server: DemoServer, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { api } = server;
  const open = (name: string) => Account.open(api, name, DEMO_PASSWORD, signal);
  console.log(`Signing in ${options.bots} bots …`);
  const characters = cast(options.bots);
  await open(DEMO_VIEWER);
  const streamer = new Bot(api, await open(DEMO_STREAMER));
  const bots = await signIn(characters, async ({ name }) => new Bot(api, await open(name)));

  for (let first = true; !signal.aborted; first = false) {
    const room = await openRoom(api, streamer.account, signal);
    if (first) console.log(banner(server, room, options));
    else console.log(`The show was ended; another one begins, with the live_id ${room.live_id}.`);
    const { rate } = options;
    const common = { cast: characters, bots, streamer, rate, signal, random: Math.random };
    await perform({ ...common, liveId: room.live_id });
  }
}

/** All of the cast, a few at a time. */
async function signIn(
  characters: readonly Character[],
  enter: (character: Character) => Promise<Bot>,
): Promise<Bot[]> {
  const bots: Bot[] = [];
  const waiting = characters.entries();
  const queue = async () => {
    for (const [index, character] of waiting) bots[index] = await enter(character);
  };
  await Promise.all(Array.from({ length: SIGN_INS }, queue));
  return bots;
}

function banner({ web, dataDir }: DemoServer, room: Room, { bots, rate }: DemoOptions): string {
  const here = relative(process.cwd(), dataDir);
  const elsewhere = web === "http://localhost:8080" ? "" : ` --url ${web}`;
  const rows = [
    ["Web", `${web}/`],
    ["Room", `${room.room_name}, live_id ${room.live_id}`],
    ["In a terminal", `npm run watch -- ${room.live_id}${elsewhere}`],
    ["To sign in", `${DEMO_VIEWER} or ${DEMO_STREAMER} (owns the room), password ${DEMO_PASSWORD}`],
    ["Crowd", `${bots} bots, about ${rate} danmaku per second, more when something happens`],
    ["Data", here.startsWith("..") ? dataDir : here],
  ];
  const list = rows.map(([name = "", value]) => `  ${name.padEnd(15)}${value}`).join("\n");
  return `\n  The molimoli demo is on\n\n${list}\n\n  Ctrl-C stops everything. The room stays open for the next time.\n`;
}

/** What went wrong, for people; null when it is our mistake. */
function sentence(error: unknown): string | null {
  if (error instanceof ApiError) return `the server says: ${error.message}`;
  const known = [Failure, EnvError, UnreachableError];
  return known.some((kind) => error instanceof kind) ? (error as Error).message : null;
}

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => leaving.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (!(await main(options, leaving.signal))) throw new Failure("the server has ended");
} catch (error) {
  if (!leaving.signal.aborted) {
    const text = sentence(error);
    if (text === null) throw error;
    console.error(`molimoli: ${text}`);
    process.exitCode = 1;
  }
}
