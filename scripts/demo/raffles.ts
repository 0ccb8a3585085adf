import { setTimeout as pause } from "node:timers/promises";
import type { Bot } from "./bot.ts";
import { keywords, prizes } from "./phrases/prizes.ts";
import { pick } from "./phrases.ts";

export interface RafflesOptions {
  liveId: number;
  bots: readonly Bot[];
  streamer: Bot;
  signal: AbortSignal;
  random: () => number;
  /** Milliseconds until the first one. */
  firstMs?: number;
  /** How long one lasts. */
  lastsSeconds?: number;
}

const FIRST_MS = 12_000;
const EVERY_MS = [50_000, 110_000] as const;
/** How long one lasts, in seconds. */
const LASTS = 20;
/** The last part of it when nobody joins any more, so that nobody is too late. */
const QUIET_MS = 3_000;
/** The part of the crowd that takes part. */
const TAKING_PART = 0.6;

/** Lets the streamer hold a lottery now and then, and the crowd take part. Never throws. */
export async function holdRaffles(options: RafflesOptions): Promise<void> {
  const { signal, random, firstMs = FIRST_MS } = options;
  const [min, max] = EVERY_MS;
  let waitMs = firstMs;
  while (!signal.aborted) {
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await raffle(options);
    waitMs = min + random() * (max - min);
  }
}

async function raffle(options: RafflesOptions): Promise<void> {
  const { liveId, bots, streamer, signal, random, lastsSeconds = LASTS } = options;
  const keyword = random() < 0.5 ? pick(keywords, random) : null;
  const end_time = Math.ceil(Date.now() / 1000) + lastsSeconds;
  const count = pick([1, 2, 3], random);
  const gift = { live_id: liveId, gift: pick(prizes, random), count, end_time };
  const id = await streamer.hold(gift, keyword, signal);
  if (id === null) return;
  await Promise.all(
    bots.map(async (bot) => {
      if (random() >= TAKING_PART) return;
      const lastsMs = Math.max(0, lastsSeconds * 1000 - QUIET_MS);
      await pause(random() * lastsMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (keyword === null) await bot.join(id, signal);
      else await bot.say(liveId, { type: 0, content: keyword }, signal);
    }),
  );
}
