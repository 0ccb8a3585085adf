import type { PushBatch } from "../../contracts/events.ts";
import { createLru, type Lru } from "../lru.ts";
import {
  checkChain,
  countMessages,
  endOf,
  firstOf,
  lastIdOf,
  type StoredTail,
  TAIL_LIMITS,
  type TailLimits,
  type TailStore,
} from "./tail-store.ts";

interface Room {
  token: number;
  tail: StoredTail | null;
  messages: number;
}

/** Rooms remembered; of more than that, those that were written to last. */
const MAX_ROOMS = 10_000;

/** Tails for owners in this process. Batches are kept as they are, not copied. */
export class MemoryTailStore implements TailStore {
  private readonly limits: Required<TailLimits>;
  private readonly now: () => number;
  private readonly rooms: Lru<number, Room>;

  /** @param options.now monotonic milliseconds */
  constructor(options: TailLimits & { now?: () => number; maxRooms?: number } = {}) {
    const { now = () => performance.now(), maxRooms = MAX_ROOMS, ...limits } = options;
    this.limits = { ...TAIL_LIMITS, ...limits };
    this.now = now;
    this.rooms = createLru({ max: maxRooms });
  }

  async load(liveId: number, token: number): Promise<StoredTail | null | "fenced"> {
    const room = this.claim(liveId, token);
    if (room === null) return "fenced";
    return room.tail && { prev: room.tail.prev, batches: room.tail.batches.slice() };
  }

  async append(
    liveId: number,
    token: number,
    ...batches: PushBatch[]
  ): Promise<"ok" | "fenced" | "gap"> {
    const prev = firstOf(batches).prev;
    const end = checkChain(prev, batches);
    const room = this.claim(liveId, token);
    if (room === null) return "fenced";
    const tail = room.tail ?? { prev: 0, batches: [] };
    const last = tail.batches.at(-1);
    if (prev !== (last === undefined ? tail.prev : lastIdOf(last)))
      return tail.batches.some((known) => lastIdOf(known) === end) ? "ok" : "gap";
    tail.batches.push(...batches);
    room.tail = tail;
    room.messages += countMessages(batches);
    this.trim(room, tail);
    return "ok";
  }

  async replace(liveId: number, token: number, tail: StoredTail): Promise<"ok" | "fenced"> {
    const end = endOf(tail, this.limits.messages);
    const room = this.claim(liveId, token);
    if (room === null) return "fenced";
    room.tail = end;
    room.messages = countMessages(end.batches);
    return "ok";
  }

  async drop(liveId: number): Promise<void> {
    const room = this.rooms.get(liveId, this.now());
    if (room === undefined) return;
    room.tail = null;
    room.messages = 0;
  }

  /** The room, alive for longer; null when its owner has a higher token. */
  private claim(liveId: number, token: number): Room | null {
    const now = this.now();
    const room = this.rooms.get(liveId, now) ?? { token, tail: null, messages: 0 };
    if (room.token > token) return null;
    room.token = token;
    this.rooms.set(liveId, room, now + this.limits.ttlMs, now);
    return room;
  }

  private trim(room: Room, tail: StoredTail): void {
    let oldest = tail.batches[0];
    while (oldest !== undefined && room.messages - oldest.ids.length >= this.limits.messages) {
      tail.batches.shift();
      tail.prev = lastIdOf(oldest);
      room.messages -= oldest.ids.length;
      oldest = tail.batches[0];
    }
  }
}
