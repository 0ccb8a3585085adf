import type { Config } from "../../contracts/config.ts";
import type { ErrorData, ErrorName } from "../../contracts/errors.ts";
import type { OwnMessage, PushBatch } from "../../contracts/events.ts";
import { type MessageRecord, toLiveMessage } from "../../contracts/message-record.ts";
import type { RoomCounters, RoomStats } from "../../contracts/objects.ts";
import type { RoomCard, TailSnapshot } from "../../contracts/room-actions.ts";
import { noticeEvent, ownMessageEvent } from "../../lib/sse.ts";
import type { StoredTail } from "../../lib/tail-store/tail-store.ts";
import { createBuckets } from "../../lib/token-bucket.ts";
import type { WordFilter } from "../../lib/word-filter.ts";
import { Audience } from "./audience.ts";
import { encodeBatches, packed } from "./batches.ts";
import { Limiter, type Random, roomCeiling } from "./limiter.ts";
import type { Command, Effect } from "./room-command.ts";
import { Tail } from "./tail.ts";

/**
 * The rules of one room, as a reducer: a command goes in, effects come out, and the service carries
 * them out. Time, ids and randomness come with the commands. The state is owned by its reducer: it
 * is changed in place, since a busy room runs thousands of commands a second.
 */
export interface RoomState {
  readonly live_id: number;
  /** Names this life of the actor; a hub that knows another one starts over. */
  readonly epoch: number;
  readonly owner: number;
  readonly start_time: number;
  ended: boolean;
  /** The highest id given in this room; new ones must lie above it. */
  lastId: number;
  readonly tail: Tail;
  readonly audience: Audience;
  readonly limiter: Limiter;
  /** Door buckets of this room's senders, by user id. */
  readonly doors: ReturnType<typeof createBuckets>;
  /** Unix ms until which a user may not speak. */
  readonly muted: Map<number, number>;
  limits: Config["limiter"];
  flushMs: number;
  lastFlushMs: number;
  /** When the next flush is due; null when nothing waits. */
  flushDueMs: number | null;
  presence: { told: number; toldAtMs: number };
  readonly stats: RoomCounters;
}

const NOTHING_COUNTED: RoomCounters = {
  peak: 0,
  messages: 0,
  pushed: 0,
  merged: 0,
  suppressed: 0,
};
/** The presence of a room is told at most this often. */
const PRESENCE_MS = 1000;
/** Senders whose door bucket a room remembers; the idle ones are forgotten first. */
const MAX_DOORS = 50_000;
/** A gateway writes to so many viewers in 1 ms, at 8 µs for each (docs/benchmarks.md). */
const VIEWERS_PER_MS = 125;
/** Least time between two flushes of a room whose gateways gather by themselves, in ms. */
const PROMPT_FLUSH_MS = 5;
/** Messages in one batch of a tail that is made from history: it is trimmed by whole batches. */
const RESTORED = 50;

/**
 * Wakes a room up.
 *
 * @param past its last messages, ascending, and the id before them: they become the tail, so that
 *   viewers resume across a restart. Where the owner before has left its tail, that is gone on with.
 */
export function createRoom(
  card: RoomCard,
  past: { messages: MessageRecord[]; prev: number; tail?: StoredTail | null },
  config: Config,
  epoch: number,
  nowMs: number,
): RoomState {
  const left = past.tail ?? null;
  const tail = new Tail(left?.prev ?? past.prev);
  for (const batch of left?.batches ?? []) tail.add(batch);
  const newer = past.messages.filter(({ id }) => id > tail.last);
  for (const batch of encodeBatches(card.live_id, tail.last, newer, RESTORED)) tail.add(batch);
  return {
    live_id: card.live_id,
    epoch,
    owner: card.owner,
    start_time: card.start_time,
    ended: !card.is_live,
    lastId: tail.last,
    tail,
    audience: new Audience(),
    limiter: new Limiter(limiterRates(config.limiter, 0), nowMs),
    doors: createBuckets({ maxKeys: MAX_DOORS }),
    muted: new Map(card.muted.map(({ user_id, until_ms }) => [user_id, until_ms])),
    limits: config.limiter,
    flushMs: config.hub.flush_ms,
    lastFlushMs: 0,
    flushDueMs: null,
    presence: { told: 0, toldAtMs: 0 },
    stats: { ...(card.counters ?? NOTHING_COUNTED) },
  };
}

/** Applies one command and says what has to be done about it. */
export function reduce(room: RoomState, command: Command, words: WordFilter): Effect[] {
  switch (command.kind) {
    case "send":
      return send(room, command, words);
    case "announce":
      return announce(room, command);
    case "committed":
      return committed(room, command.record, command.now_ms, command.random);
    case "flush":
      return flush(room, command.now_ms, command.random);
    case "watch":
      return audienceChange(room, command.now_ms, () =>
        room.audience.set(command.node_id, command.viewers, command.now_ms),
      );
    case "sweep":
      return audienceChange(room, command.now_ms, () => room.audience.expire(command.now_ms));
    case "mute":
      if (command.until_ms === 0) room.muted.delete(command.user_id);
      else room.muted.set(command.user_id, command.until_ms);
      return [];
    case "mutes":
      room.muted.clear();
      for (const { user_id, until_ms } of command.muted) room.muted.set(user_id, until_ms);
      return [];
    case "configure":
      room.limits = command.config.limiter;
      room.flushMs = command.config.hub.flush_ms;
      room.limiter.setRates(limiterRates(room.limits, room.audience.viewers));
      return [];
    case "end":
      return end(room, command.now_ms, command.random);
  }
}

/** What a gateway needs to serve its first viewer of this room, or to go on under a new owner. */
export function snapshot(
  room: RoomState,
  { after, upTo }: { after: number | null; upTo: number } = { after: null, upTo: room.tail.last },
): TailSnapshot {
  const { epoch, tail, audience } = room;
  return { epoch, ...tail.excerpt(after, upTo), viewers: audience.viewers };
}

export function roomStats(room: RoomState): RoomStats {
  return { live_id: room.live_id, viewers: room.audience.viewers, ...room.stats };
}

function send(
  room: RoomState,
  command: Extract<Command, { kind: "send" }>,
  words: WordFilter,
): Effect[] {
  const { now_ms, sender } = command;
  if (room.ended) return refuse("ROOM_NOT_LIVE");

  const mutedUntil = room.muted.get(sender.user_id);
  if (mutedUntil !== undefined) {
    if (now_ms < mutedUntil) return refuse("MUTED", { until: Math.ceil(mutedUntil / 1000) });
    room.muted.delete(sender.user_id);
  }

  const checked = words.check(command.content);
  if (checked.refused) return refuse("CONTENT_REFUSED");

  const { user_rate, user_burst } = room.limits;
  const wait = room.doors.take(sender.user_id, now_ms, user_rate, user_burst);
  if (wait > 0) return refuse("RATE_LIMITED", { retry_after_ms: wait });

  return [append(room, command, { ...sender, content: checked.text, lottery_id: null })];
}

function announce(room: RoomState, command: Extract<Command, { kind: "announce" }>): Effect[] {
  if (room.ended && command.type === 3) return refuse("ROOM_NOT_LIVE");
  const { content, lottery_id } = command;
  const said = { user_id: room.owner, user_name: "", content, lottery_id };
  return [append(room, { ...command, style: null, data: command.data ?? null }, said)];
}

function append(
  room: RoomState,
  command: Pick<Extract<Command, { kind: "send" }>, "id" | "now_ms" | "type" | "style" | "data">,
  said: { user_id: number; user_name: string; content: string; lottery_id: number | null },
): Effect {
  room.lastId = command.id;
  const seconds = Math.floor(command.now_ms / 1000);
  const record: MessageRecord = {
    id: command.id,
    live_id: room.live_id,
    user_id: said.user_id,
    user_name: said.user_name,
    type: command.type,
    live_time: Math.max(0, seconds - room.start_time),
    send_time: seconds,
    content: said.content,
    style: command.style,
    data: command.data,
    lottery_id: said.lottery_id,
  };
  return { kind: "append", record, isUrgent: isPrompt(room, command.now_ms) };
}

function committed(
  room: RoomState,
  record: MessageRecord,
  nowMs: number,
  random: Random,
): Effect[] {
  room.stats.messages++;
  room.limiter.offer(record, nowMs, random);
  return scheduleFlush(room, nowMs);
}

/**
 * Whether messages of this room are not to be gathered, since its gateways need longer to write to all
 * viewers once than a busy room is given between two flushes: they gather by themselves. Not when some
 * may have to be left out, as that is fair only in a window in which several have spoken.
 */
function isPrompt({ audience, limiter, flushMs }: RoomState, nowMs: number): boolean {
  const { viewers, nodes } = audience;
  const isVast = viewers > 0 && viewers >= VIEWERS_PER_MS * flushMs * nodes.length;
  return isVast && limiter.hasSlack(nowMs);
}

/** A quiet room is flushed at once, a busy one some time after its last flush. */
function scheduleFlush(room: RoomState, nowMs: number): Effect[] {
  // A clock that steps back must not make a message wait until the old time has come again.
  const lastMs = Math.min(room.lastFlushMs, nowMs);
  const tickMs = isPrompt(room, nowMs) ? Math.min(PROMPT_FLUSH_MS, room.flushMs) : room.flushMs;
  const dueMs = Math.max(nowMs, lastMs + tickMs);
  if (room.flushDueMs !== null && room.flushDueMs <= dueMs) return [];
  room.flushDueMs = dueMs;
  return [{ kind: "schedule", at_ms: dueMs }];
}

function flush(room: RoomState, nowMs: number, random: Random): Effect[] {
  room.flushDueMs = null;
  const effects: Effect[] = [];
  const presence = tellPresence(room, nowMs, effects);
  const window = room.limiter.pending ? room.limiter.flush(nowMs, random) : null;
  if (window === null && presence === "") return effects;

  const { stats } = room;
  let notices = presence;
  let own: OwnMessage[] = [];
  if (window !== null) {
    stats.pushed += window.pushed.length;
    stats.merged += window.merged.length;
    stats.suppressed += window.suppressed.length;
    own = window.merged.concat(window.suppressed).map((record) => ({
      user_id: record.user_id,
      text: ownMessageEvent(JSON.stringify(toLiveMessage(record))),
    }));
    for (const fold of window.folds) notices += noticeEvent("merged", fold);
    room.lastFlushMs = nowMs;
  }

  // The tail keeps messages only: presence and counts of the past mean nothing to who comes later.
  for (const kept of encodeBatches(room.live_id, room.tail.last, window?.pushed ?? [])) {
    room.tail.add(kept);
    effects.push({ kind: "emit", batch: kept, kept });
  }
  tellBesides(room, effects, notices, own);
  return effects;
}

/** Notices and what only senders see go with the last messages, and what is too much after them. */
function tellBesides(room: RoomState, effects: Effect[], notices: string, own: OwnMessage[]): void {
  const [first = [], ...more] = packed(own, ({ text }) => text.length);
  const last = effects.at(-1);
  const beside = first.length > 0 ? { own: first } : {};
  if (last?.kind === "emit")
    effects[effects.length - 1] = {
      ...last,
      batch: { ...last.batch, text: last.batch.text + notices, ...beside },
    };
  else if (notices !== "" || first.length > 0)
    effects.push(tell(room, { text: notices, ...beside }));
  for (const part of more) effects.push(tell(room, { own: part }));
}

/** A batch without messages. */
function tell(room: RoomState, what: Partial<PushBatch>): Effect {
  const batch = { live_id: room.live_id, prev: room.tail.last, ids: [], text: "", ...what };
  return { kind: "emit", batch, kept: null };
}

/** The text that tells a changed number of viewers, or "" when it is not time for it. */
function tellPresence(room: RoomState, nowMs: number, effects: Effect[]): string {
  const { presence, audience } = room;
  if (audience.viewers === presence.told) return "";
  const dueMs = presence.toldAtMs + PRESENCE_MS;
  if (nowMs >= presence.toldAtMs && nowMs < dueMs) {
    effects.push({ kind: "schedule", at_ms: dueMs });
    room.flushDueMs = dueMs;
    return "";
  }
  presence.told = audience.viewers;
  presence.toldAtMs = nowMs;
  effects.push({ kind: "audience", viewers: audience.viewers });
  return noticeEvent("presence", { viewers: audience.viewers });
}

function audienceChange(room: RoomState, nowMs: number, change: () => void): Effect[] {
  const { audience, stats } = room;
  const before = audience.viewers;
  change();
  if (audience.viewers === before) return [];
  stats.peak = Math.max(stats.peak, audience.viewers);
  room.limiter.setRates(limiterRates(room.limits, audience.viewers));
  return scheduleFlush(room, nowMs);
}

function end(room: RoomState, nowMs: number, random: Random): Effect[] {
  if (room.ended) return [];
  room.ended = true;
  const effects = flush(room, nowMs, random);
  effects.push(tell(room, { ended: true }));
  return effects;
}

function limiterRates(limits: Config["limiter"], viewers: number) {
  return { rate: roomCeiling(limits, viewers), merge_window_ms: limits.merge_window_ms };
}

function refuse(error: ErrorName, data: ErrorData | null = null): Effect[] {
  return [{ kind: "refuse", error, data }];
}
