import { holdLease } from "../../lib/lease/held-lease.ts";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";

/*
 * A process that holds the lease NAME of REDIS_URL for TTL_MS and says what it believes, as often as it
 * can: "held" or "not held" whenever that changes, "lost" when it is told.
 */
const { REDIS_URL = "", NAME = "", TTL_MS = "" } = process.env;

const redis = openRedis(REDIS_URL);
const lease = await holdLease(new RedisLeaseStore(redis), NAME, "child", {
  ttlMs: Number(TTL_MS),
  onLost: () => console.log("lost"),
});
if (lease === null) throw new Error(`${NAME} is held by somebody else`);

let believed: boolean | undefined;
let lookedAt = performance.now();
const look = setInterval(() => {
  const held = lease.isHeld();
  const pausedMs = performance.now() - lookedAt;
  lookedAt = performance.now();
  if (pausedMs > Number(TTL_MS)) console.log(`stood still, ${held ? "held" : "not held"}`);
  if (held !== believed) console.log(held ? "held" : "not held");
  believed = held;
}, 1);

process.once("SIGTERM", async () => {
  clearInterval(look);
  await lease.release();
  await closeRedis(redis);
});
