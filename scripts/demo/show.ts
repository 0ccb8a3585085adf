import type { DanmakuStyle, MessageData } from "../../contracts/objects.ts";
import type { Character } from "./cast.ts";
import { type MomentName, momentNames } from "./phrases/phrasebook.ts";
import { announcements, thanks } from "./phrases/streamer.ts";
import { chatter, giftName, pick, reaction, superText } from "./phrases.ts";

/** Something that is said at a time. */
export interface Line {
  /** Milliseconds since the beginning. */
  atMs: number;
  /** Index in the cast; null: the streamer. */
  speaker: number | null;
  type: 0 | 1 | 2;
  content: string;
  style?: DanmakuStyle;
  data?: MessageData;
}

export interface ShowOptions {
  cast: readonly Character[];
  /** Danmaku per second while nothing happens. */
  rate: number;
  /** From [0, 1). */
  random: () => number;
}

/** Something happened, and for some seconds everybody talks about it. */
interface Wave {
  moment: MomentName;
  /** When people begin to react. */
  fromMs: number;
  /** How many times more is said at its height than while nothing happens. */
  height: number;
  /** After this time a third of the excitement is left. */
  fadeMs: number;
}

const FIRST_MOMENT_MS = 6_000;
const MOMENT_EVERY_MS = [16_000, 45_000] as const;
const GIFT_EVERY_MS = 18_000;
const SUPER_EVERY_MS = 70_000;
/** It takes people a moment to type. */
const REACTION_MS = [500, 1_100] as const;
const THANKS_MS = [2_000, 4_500] as const;
/** Small talk that was heard lately is not repeated. */
const REMEMBERED = 1_000;

const COLOURS = ["#FE0302", "#FFAA02", "#00CD00", "#4266BE", "#89D5FF", "#CC0273", "#9B9B9B"];

/**
 * All that is said in a show without end: small talk at random times (a Poisson process), and waves
 * of reactions whenever something happens, which rise at once and fade. Pure: the same numbers from
 * `random` make the same show, and whoever plays it decides about the clock.
 */
export function* show(options: ShowOptions): Generator<Line, never> {
  const { cast, rate, random } = options;
  const speakers = new Speakers(cast, random);
  const talk = new SmallTalk(random);
  const between = ([min, max]: readonly [number, number]) => min + random() * (max - min);
  const exponential = (meanMs: number) => -Math.log(1 - random()) * meanMs;

  let atMs = 0;
  let wave: Wave | null = null;
  let momentMs = FIRST_MOMENT_MS;
  let giftMs = 3_000 + exponential(GIFT_EVERY_MS / 2);
  let superMs = 10_000 + exponential(SUPER_EVERY_MS);
  let answer: Line | null = null;

  const thank = (speaker: number): Line => ({
    atMs: atMs + between(THANKS_MS),
    speaker: null,
    type: 0,
    content: pick(thanks, random).replace("{who}", cast[speaker]?.name ?? ""),
  });

  for (;;) {
    const heat: number = wave === null ? 1 : heatOf(wave, atMs);
    const nextMs: number = atMs + exponential(1000 / (rate * heat));
    const plannedMs = Math.min(momentMs, giftMs, superMs, answer?.atMs ?? Number.POSITIVE_INFINITY);
    if (nextMs < plannedMs) {
      atMs = nextMs;
      const excited = wave !== null && random() * heat > 1 ? wave : null;
      yield danmaku(atMs, excited);
      continue;
    }
    // A Poisson process has no memory: drawing anew from here is as good as going on.
    atMs = plannedMs;
    if (answer !== null && atMs === answer.atMs) {
      const said: Line = answer;
      answer = null;
      yield said;
    } else if (atMs === momentMs) {
      const moment = pick(momentNames, random);
      wave = {
        moment,
        fromMs: atMs + between(REACTION_MS),
        height: 4 + random() * 8,
        fadeMs: 1_800 + random() * 3_000,
      };
      momentMs = atMs + between(MOMENT_EVERY_MS);
      yield { atMs, speaker: null, type: 0, content: pick(announcements[moment], random) };
    } else if (atMs === giftMs) {
      giftMs = atMs + exponential(GIFT_EVERY_MS);
      const { index, language } = speakers.next(atMs);
      answer = thank(index);
      yield gift(atMs, index, giftName(language, random), random);
    } else {
      superMs = atMs + exponential(SUPER_EVERY_MS);
      const { index, language } = speakers.next(atMs);
      answer = thank(index);
      const price = pick([3000, 5000, 10_000, 20_000], random);
      yield {
        atMs,
        speaker: index,
        type: 2,
        content: superText(language, random),
        data: { price, duration: price / 100 },
      };
    }
  }

  function danmaku(at: number, excited: Wave | null): Line {
    const { index, language } = speakers.next(at);
    if (excited !== null) {
      const content = reaction(excited.moment, language, random);
      return { atMs: at, speaker: index, type: 0, content };
    }
    const line: Line = { atMs: at, speaker: index, type: 0, content: talk.next(language) };
    return random() < 0.06 ? { ...line, style: style(random) } : line;
  }
}

/** How many times more than usual is said; 1 when all is quiet. */
function heatOf({ fromMs, height, fadeMs }: Wave, atMs: number): number {
  return atMs < fromMs ? 1 : 1 + height * Math.exp((fromMs - atMs) / fadeMs);
}

function gift(atMs: number, speaker: number, name: string, random: () => number): Line {
  const count = random() < 0.7 ? 1 : pick([3, 5, 10, 66], random);
  const data = { gift_name: name, gift_count: count, price: 100 };
  return { atMs, speaker, type: 1, content: name, data };
}

function style(random: () => number): DanmakuStyle {
  const mode = random() < 0.8 ? "scroll" : random() < 0.6 ? "top" : "bottom";
  return { mode, color: pick(COLOURS, random), size: random() < 0.85 ? "normal" : "small" };
}

/** Draws who talks next: by their weights, and nobody twice within a second if it can be helped. */
class Speakers {
  private readonly cast: readonly Character[];
  private readonly random: () => number;
  private readonly total: number;
  private readonly lastMs: number[];

  constructor(cast: readonly Character[], random: () => number) {
    this.cast = cast;
    this.random = random;
    this.total = cast.reduce((sum, { weight }) => sum + weight, 0);
    this.lastMs = cast.map(() => Number.NEGATIVE_INFINITY);
  }

  next(atMs: number): { index: number; language: Character["language"] } {
    let index = this.draw();
    for (let tries = 0; tries < 5 && atMs - (this.lastMs[index] as number) < 1_000; tries++)
      index = this.draw();
    this.lastMs[index] = atMs;
    return { index, language: (this.cast[index] as Character).language };
  }

  private draw(): number {
    let rest = this.random() * this.total;
    for (const [index, { weight }] of this.cast.entries()) {
      rest -= weight;
      if (rest < 0) return index;
    }
    return this.cast.length - 1;
  }
}

/** Small talk that does not repeat itself for a while. */
class SmallTalk {
  private readonly random: () => number;
  private readonly heard = new Set<string>();

  constructor(random: () => number) {
    this.random = random;
  }

  next(language: Character["language"]): string {
    let text = chatter(language, this.random);
    for (let tries = 0; tries < 8 && this.heard.has(text); tries++)
      text = chatter(language, this.random);
    this.heard.add(text);
    if (this.heard.size > REMEMBERED) {
      for (const oldest of this.heard) {
        this.heard.delete(oldest);
        break;
      }
    }
    return text;
  }
}
