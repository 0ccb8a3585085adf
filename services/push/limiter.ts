import type { MessageRecord } from "../../contracts/message-record.ts";
import { MessageType } from "../../contracts/objects.ts";

/**
 * The second stage of the limiter: what of a room's accepted messages reaches the whole audience.
 *
 * Messages gather in a window (the time between two flushes). A token bucket holds the room's
 * ceiling; when a window has more than the bucket, a sample is pushed that is fair across senders:
 * first one message of each sender, drawn uniformly, and only if there is room left further ones.
 * Both draws are reservoirs (Vitter 1985, algorithm R): one pass, and what is left out waits for
 * nothing but the flush, which tells it to its own sender. Repeats of a recent text are folded into
 * the first one and counted. Gifts, super messages, lotteries and winners always pass.
 *
 * No clock and no randomness inside: both come as arguments.
 */
export interface LimiterRates {
  /** Messages per second. */
  rate: number;
  /** Texts repeated within this many ms are pushed once; 0 = never fold. */
  merge_window_ms: number;
}

/** Random numbers in [0, 1). */
export type Random = () => number;

interface Fold {
  /** The message that stands for all of them. */
  id: number;
  /** Repeats folded into it so far. */
  count: number;
  until_ms: number;
  pushed: boolean;
  /** The count has changed since clients were last told. */
  dirty: boolean;
}

/** What a flush sends out. */
export interface Window {
  /** Ascending by id. */
  pushed: MessageRecord[];
  /** Left out by the ceiling; only their senders see them. */
  suppressed: MessageRecord[];
  /** Folded into another; only their senders see them. */
  merged: MessageRecord[];
  /** New counts of messages pushed now or earlier. */
  folds: { id: number; count: number }[];
}

/** Share of a second's ceiling that an idle room has in hand for a burst. */
const BURST_SECONDS = 0.25;
const MIN_BURST = 10;
/** Texts remembered for folding. */
const MAX_FOLDS = 2048;

export class Limiter {
  private rates: LimiterRates;
  private tokens: number;
  private refilledAt: number;
  private readonly folds = new Map<string, Fold>();
  /** Folds that are over or forgotten, but whose last count is still to be told. */
  private overdue: Fold[] = [];

  private always: MessageRecord[] = [];
  private firsts: MessageRecord[] = [];
  private extras: MessageRecord[] = [];
  private evicted: MessageRecord[] = [];
  private merged: MessageRecord[] = [];
  /** Messages of each sender in this window. */
  private seen = new Map<number, number>();
  private extrasSeen = 0;

  constructor(rates: LimiterRates, nowMs: number) {
    this.rates = rates;
    this.tokens = this.burst;
    this.refilledAt = nowMs;
  }

  private get burst(): number {
    return Math.max(MIN_BURST, this.rates.rate * BURST_SECONDS);
  }

  setRates(rates: LimiterRates): void {
    this.rates = rates;
    this.tokens = Math.min(this.tokens, this.burst);
  }

  /** Takes an accepted message into the current window. Ids must come in ascending order. */
  offer(message: MessageRecord, nowMs: number, random: Random): void {
    if (message.type !== MessageType.bullet) {
      this.always.push(message);
      return;
    }
    if (this.fold(message, nowMs)) return;
    this.sample(message, random);
  }

  /** True when a flush would have something to say. */
  get pending(): boolean {
    return this.always.length + this.seen.size + this.merged.length > 0;
  }

  /** True while the room says so little that nothing of it has to be left out. */
  hasSlack(nowMs: number): boolean {
    return this.tokensAt(nowMs) >= this.burst / 2;
  }

  private tokensAt(nowMs: number): number {
    const elapsed = Math.max(0, nowMs - this.refilledAt) / 1000;
    return Math.min(this.burst, this.tokens + elapsed * this.rates.rate);
  }

  /** Ends the window: decides what is pushed, and starts the next one. */
  flush(nowMs: number, random: Random): Window {
    this.tokens = this.tokensAt(nowMs);
    this.refilledAt = nowMs;

    const quota = Math.floor(this.tokens);
    const suppressed = this.evicted;
    const chosen = choose(this.firsts, quota, random, suppressed);
    const room = quota - chosen.length;
    for (const extra of choose(this.extras, room, random, suppressed)) chosen.push(extra);
    this.tokens -= chosen.length;

    for (const message of suppressed) this.forgetFold(message);
    this.markPushed(chosen);
    const pushed = chosen.concat(this.always).sort(byId);
    const window: Window = {
      pushed,
      suppressed,
      merged: this.merged,
      folds: this.takeFolds(nowMs),
    };

    this.always = [];
    this.firsts = [];
    this.extras = [];
    this.evicted = [];
    this.merged = [];
    this.extrasSeen = 0;
    if (this.seen.size > 0) this.seen = new Map();
    return window;
  }

  /** Folds a repeat into an earlier message; false when it is the first of its text. */
  private fold(message: MessageRecord, nowMs: number): boolean {
    if (this.rates.merge_window_ms === 0) return false;
    const key = message.content.trim();
    const earlier = this.folds.get(key);
    if (earlier !== undefined && this.isOpen(earlier, nowMs)) {
      earlier.count++;
      earlier.dirty = true;
      this.merged.push(message);
      return true;
    }
    // Re-inserting keeps the map in order of age, so the oldest go first when it is full.
    if (earlier !== undefined) this.drop(key, earlier);
    if (this.folds.size >= MAX_FOLDS) {
      for (const [oldest, fold] of this.folds) {
        this.drop(oldest, fold);
        break;
      }
    }
    this.folds.set(key, {
      id: message.id,
      count: 0,
      until_ms: nowMs + this.rates.merge_window_ms,
      pushed: false,
      dirty: false,
    });
    return false;
  }

  /** A fold that has longer to go than the merge window was made before the clock stepped back. */
  private isOpen(fold: Fold, nowMs: number): boolean {
    return nowMs < fold.until_ms && fold.until_ms - nowMs <= this.rates.merge_window_ms;
  }

  private drop(key: string, fold: Fold): void {
    this.folds.delete(key);
    if (fold.dirty) this.overdue.push(fold);
  }

  /** More than one window can never push: what the bucket holds when full. */
  private get capacity(): number {
    return Math.ceil(this.burst);
  }

  private sample(message: MessageRecord, random: Random): void {
    const before = this.seen.get(message.user_id) ?? 0;
    this.seen.set(message.user_id, before + 1);
    if (before === 0) {
      this.keep(this.firsts, this.seen.size, message, random);
      return;
    }
    // One of this sender's is (or was) the candidate: let each of theirs be it with equal chance.
    const at = this.firsts.findIndex((first) => first.user_id === message.user_id);
    let rest = message;
    if (at >= 0 && random() * (before + 1) < 1) {
      rest = this.firsts[at] as MessageRecord;
      this.firsts[at] = message;
    }
    this.keep(this.extras, ++this.extrasSeen, rest, random);
  }

  /** Algorithm R: after n offers each of the n is in the reservoir with the same chance. */
  private keep(
    reservoir: MessageRecord[],
    n: number,
    message: MessageRecord,
    random: Random,
  ): void {
    if (reservoir.length < this.capacity) {
      reservoir.push(message);
      return;
    }
    const slot = Math.floor(random() * n);
    if (slot < reservoir.length) {
      this.evicted.push(reservoir[slot] as MessageRecord);
      reservoir[slot] = message;
    } else {
      this.evicted.push(message);
    }
  }

  private markPushed(chosen: MessageRecord[]): void {
    for (const message of chosen) {
      const fold = this.folds.get(message.content.trim());
      if (fold !== undefined && fold.id === message.id) fold.pushed = true;
    }
    if (this.overdue.length === 0) return;
    const ids = new Set(chosen.map(({ id }) => id));
    for (const fold of this.overdue) if (ids.has(fold.id)) fold.pushed = true;
  }

  /** A text whose first message was left out may be said anew. */
  private forgetFold(message: MessageRecord): void {
    const key = message.content.trim();
    if (this.folds.get(key)?.id === message.id) this.folds.delete(key);
  }

  private takeFolds(nowMs: number): { id: number; count: number }[] {
    const changed: { id: number; count: number }[] = [];
    for (const fold of this.overdue)
      if (fold.pushed) changed.push({ id: fold.id, count: fold.count });
    this.overdue = [];
    for (const [key, fold] of this.folds) {
      if (fold.dirty && fold.pushed) {
        fold.dirty = false;
        changed.push({ id: fold.id, count: fold.count });
      }
      if (!this.isOpen(fold, nowMs)) this.folds.delete(key);
    }
    return changed;
  }
}

/** A uniform sample of at most `quota`; what is not chosen is added to `rest`. */
function choose(
  from: MessageRecord[],
  quota: number,
  random: Random,
  rest: MessageRecord[],
): MessageRecord[] {
  if (from.length <= quota) return from.slice();
  // Fisher–Yates, as far as needed.
  for (let i = 0; i < quota; i++) {
    const j = i + Math.floor(random() * (from.length - i));
    const swapped = from[i] as MessageRecord;
    from[i] = from[j] as MessageRecord;
    from[j] = swapped;
  }
  for (let i = Math.max(0, quota); i < from.length; i++) rest.push(from[i] as MessageRecord);
  return from.slice(0, Math.max(0, quota));
}

function byId(a: MessageRecord, b: MessageRecord): number {
  return a.id - b.id;
}

/**
 * The room's ceiling in messages per second: what is configured, less when the audience is so large
 * that it would cause more than `room_egress` deliveries per second, never below `room_rate_min`.
 */
export function roomCeiling(
  limits: { room_rate: number; room_rate_min: number; room_egress: number },
  viewers: number,
): number {
  if (viewers === 0) return limits.room_rate;
  const affordable = limits.room_egress / viewers;
  const floor = Math.min(limits.room_rate_min, limits.room_rate);
  return Math.max(floor, Math.min(limits.room_rate, affordable));
}
