import { setTimeout as pause } from "node:timers/promises";
import type { Bot } from "./bot.ts";
import type { Character } from "./cast.ts";
import { holdRaffles } from "./raffles.ts";
import { type Line, show } from "./show.ts";

export interface CrowdOptions {
  liveId: number;
  cast: readonly Character[];
  /** One for each of the cast. */
  bots: readonly Bot[];
  streamer: Bot;
  /** Danmaku per second while nothing happens. */
  rate: number;
  signal: AbortSignal;
  random: () => number;
}

/** Answers that may be outstanding; a server that does not keep up is not asked for more. */
const MAX_UNANSWERED = 64;
/** Further behind than this (the machine was asleep) the show goes on from where it is, in ms. */
const MAX_LAG_MS = 2_000;
/** Somebody comes or goes this often. */
const COMING_AND_GOING_MS = [1_500, 6_000] as const;
/** The part of the crowd that watches from the beginning, and the least part that always does. */
const WATCHING = 0.8;
const LEAST_WATCHING = 0.5;

/** Plays the show in a room until it is over or `signal` says so. Never throws. */
export async function perform(options: CrowdOptions): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const finished = { ...options, signal };
  await Promise.all([
    talk(finished, () => over.abort()),
    comeAndGo(finished),
    holdRaffles(finished),
  ]);
}

async function talk(options: CrowdOptions, ended: () => void): Promise<void> {
  const { liveId, bots, streamer, signal } = options;
  const unanswered = new Set<Promise<void>>();
  let startMs = Date.now();
  for (const line of show(options)) {
    const lagMs = Date.now() - (startMs + line.atMs);
    if (lagMs > MAX_LAG_MS) startMs += lagMs;
    await pause(Math.max(0, -lagMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const bot = line.speaker === null ? streamer : bots[line.speaker];
    if (bot === undefined || bot.isSilent(Date.now()) || unanswered.size >= MAX_UNANSWERED)
      continue;
    const answer = bot.say(liveId, said(line), signal).then((live) => {
      unanswered.delete(answer);
      if (!live) ended();
    });
    unanswered.add(answer);
  }
  await Promise.all(unanswered);
}

function said({ type, content, style, data }: Line) {
  return {
    type,
    content,
    ...(style === undefined ? {} : { style }),
    ...(data === undefined ? {} : { data }),
  };
}

/** Lets the audience grow and shrink a little, all the time. */
async function comeAndGo({ liveId, bots, streamer, signal, random }: CrowdOptions): Promise<void> {
  const streams = new Set<Promise<void>>();
  const watch = (bot: Bot) => {
    const stream = bot.watch(liveId, signal).then(() => {
      streams.delete(stream);
    });
    streams.add(stream);
  };
  watch(streamer);
  for (const bot of bots) if (random() < WATCHING) watch(bot);
  while (!signal.aborted) {
    const [min, max] = COMING_AND_GOING_MS;
    await pause(min + random() * (max - min), undefined, { signal }).catch(() => undefined);
    const bot = bots[Math.floor(random() * bots.length)];
    if (bot === undefined || signal.aborted) continue;
    const watching = bots.filter(({ isWatching }) => isWatching).length;
    if (!bot.isWatching) watch(bot);
    else if (watching > bots.length * LEAST_WATCHING) bot.leave();
  }
  await Promise.all(streams);
}
