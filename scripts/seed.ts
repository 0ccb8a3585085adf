import { Failure } from "./bootstrap/failure.mjs";
import { Account } from "./demo/account.ts";
import { ApiError, LiveApi, UnreachableError } from "./lib/live-api.ts";
import { RefusedError, ShortVideoApi } from "./lib/short-video-api.ts";
import { makeFilm, makePortrait } from "./seed/film.ts";
import { HELP, readOptions, type SeedOptions } from "./seed/options.ts";
import { plan, SEED_PASSWORD } from "./seed/plan.ts";
import { type Sown, sow } from "./seed/sow.ts";

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => leaving.abort());

async function main({ url, users, videos }: SeedOptions, signal: AbortSignal): Promise<void> {
  const live = new LiveApi(url);
  if (!(await live.isReady(signal)))
    throw new Failure(`no server is ready at ${url}; start one with "npm start"`);
  const wanted = plan({ users, videos });
  const people: Account[] = [];
  for (const name of wanted.people) {
    progress("people", people.length, wanted.people.length);
    people.push(await enter(live, name, signal));
  }
  const api = new ShortVideoApi(url, signal);
  const sown = await sow({
    live,
    api,
    plan: wanted,
    people,
    makeFilm,
    makePortrait,
    progress,
    signal,
  });
  endLine();
  console.log(summary(people.length, sown, wanted.people[0] as string));
}

async function enter(live: LiveApi, name: string, signal: AbortSignal): Promise<Account> {
  try {
    return await Account.open(live, name, SEED_PASSWORD, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.is("WRONG_PASSWORD")) throw error;
    throw new Failure(`the name ${name} belongs to somebody else on this server`);
  }
}

function summary(people: number, sown: readonly Sown[], someone: string): string {
  const rows = sown.map(({ kind, total, added }) => [kind, total, `${added} new`] as const);
  const list = [["people", people, ""] as const, ...rows]
    .map(([kind, total, added]) => `  ${kind.padEnd(10)}${String(total).padStart(5)}   ${added}`)
    .join("\n");
  const all = sown.some(({ added }) => added > 0) ? "" : "\nAll of it was there already.";
  return `${list}\n${all}\nSign in as ${someone} or any of them, with the password ${SEED_PASSWORD}.`;
}

let line = "";

/** One line that changes in a terminal; in a file, a line for each kind. */
function progress(kind: string, done: number, total: number): void {
  const [last] = line.split(" ");
  if (process.stdout.isTTY) {
    line = `${kind} ${done}/${total} …`;
    process.stdout.write(`\r\x1b[K${line}`);
  } else if (last !== kind) {
    line = `${kind} …`;
    console.log(line);
  }
}

function endLine(): void {
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
}

/** What went wrong, for people; null when it is our mistake. */
function sentence(error: unknown): string | null {
  if (error instanceof ApiError || error instanceof RefusedError)
    return `the server says: ${error.message}`;
  const known = [Failure, UnreachableError];
  return known.some((kind) => error instanceof kind) ? (error as Error).message : null;
}

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(HELP);
  else await main(options, leaving.signal);
} catch (error) {
  endLine();
  if (leaving.signal.aborted) process.exitCode = 130;
  else {
    const text = sentence(error);
    if (text === null) throw error;
    console.error(`molimoli: ${text}`);
    process.exitCode = 1;
  }
}
