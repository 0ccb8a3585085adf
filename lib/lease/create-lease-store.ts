import type { RedisClient } from "../redis/connect.ts";
import type { LeaseStore } from "./lease-store.ts";
import { MemoryLeaseStore } from "./memory-lease-store.ts";
import { RedisLeaseStore } from "./redis-lease-store.ts";

/** @param redis null: leases are held among parts of this process */
export function createLeaseStore(redis: RedisClient | null): LeaseStore {
  return redis === null ? new MemoryLeaseStore() : new RedisLeaseStore(redis);
}
