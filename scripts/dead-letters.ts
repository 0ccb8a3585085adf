import { NAMESPACE } from "../contracts/channels.ts";
import { connectNats } from "../lib/nats/connect.ts";
import { type DeadLetter, DeadLetters } from "../lib/nats/dead-letters.ts";
import { parseNatsUrl } from "../lib/nats/options.ts";
import { Failure } from "./bootstrap/failure.mjs";
import { type DeadLettersOptions, HELP, readOptions } from "./dead-letters/options.ts";

/** How long NATS may take to answer, in ms. */
const WAIT_MS = 5_000;
/** So much of a message is shown in the list, in characters. */
const GLANCE = 100;

async function main(options: DeadLettersOptions): Promise<void> {
  const nats = await connectNats(natsUrl(), WAIT_MS).catch(asFailure);
  try {
    const manager = await nats.jetstreamManager({ checkAPI: false });
    const letters = new DeadLetters(nats.jetstream(), manager, NAMESPACE);
    await run(letters, options).catch(asFailure);
  } finally {
    await nats.close();
  }
}

async function run(letters: DeadLetters, { command, numbers }: DeadLettersOptions): Promise<void> {
  const chosen = numbers === "all" ? letters.list() : some(letters, numbers);
  let count = 0;
  for await (const letter of chosen) {
    count++;
    if (command === "replay") await letters.replay(letter);
    if (command === "drop") await letters.drop(letter.seq);
    console.log(command === "list" && numbers !== "all" ? whole(letter) : line(letter));
  }
  const done = { list: "there", replay: "sent once more", drop: "forgotten" }[command];
  console.error(count === 0 ? "There are no dead letters." : `${count} ${done}.`);
}

async function* some(letters: DeadLetters, numbers: readonly number[]) {
  for (const number of numbers)
    yield (await letters.get(number)) ??
      Promise.reject(new Failure(`There is no dead letter ${number}.`));
}

function line({ seq, time, channel, reason, data }: DeadLetter): string {
  const text = Buffer.from(data).toString();
  const glance = text.length > GLANCE ? `${text.slice(0, GLANCE)}…` : text;
  return [seq, new Date(time).toISOString(), channel, reason, glance].join("\t");
}

function whole({ seq, time, channel, reason, data }: DeadLetter): string {
  const text = Buffer.from(data).toString();
  return JSON.stringify({ seq, time, channel, reason, data: parsed(text) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function natsUrl(): string {
  const url = process.env.NATS_URL?.trim();
  if (url === undefined || url === "")
    throw new Failure(
      "NATS_URL is not set: without it there are no channels, and no dead letters.",
    );
  try {
    parseNatsUrl(url);
  } catch (error) {
    throw new Failure(`NATS_URL ${(error as Error).message}.`);
  }
  return url;
}

function asFailure(error: unknown): never {
  if (error instanceof Failure) throw error;
  const { message } = error as Error;
  if (/stream not found/.test(message)) throw new Failure("No node has used this NATS yet.");
  throw new Failure(message);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
