import type { RedisClient } from "../redis/connect.ts";
import { MemoryTailStore } from "./memory-tail-store.ts";
import { RedisTailStore } from "./redis-tail-store.ts";
import type { TailLimits, TailStore } from "./tail-store.ts";

/** @param redis null: tails are kept in this process, for owners in this process */
export function createTailStore(redis: RedisClient | null, limits: TailLimits = {}): TailStore {
  return redis === null ? new MemoryTailStore(limits) : new RedisTailStore(redis, limits);
}
