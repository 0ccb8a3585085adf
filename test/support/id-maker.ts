import { openSync, writeSync } from "node:fs";
import { RedisLeaseStore } from "../../lib/lease/redis-lease-store.ts";
import { leaseIds } from "../../lib/leased-ids.ts";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";

/*
 * A node that only makes ids: REDIS_URL, FILE (gets every id, eight bytes each), SKEW_MS. Its clock goes
 * forward by a second at a time, so that two nodes with the same number would make the same ids.
 */
const { REDIS_URL = "", FILE = "", SKEW_MS = "0" } = process.env;
const PER_TURN = 20;
const TURN_MS = 5;

const now = () => Math.floor((Date.now() + Number(SKEW_MS)) / 1_000) * 1_000;
const redis = openRedis(REDIS_URL);
const file = openSync(FILE, "a");

async function lease() {
  for (;;) {
    try {
      return await leaseIds(new RedisLeaseStore(redis), "id-maker", { now, start: 0 });
    } catch {
      // Redis is away: a node that starts waits for it.
    }
  }
}

const ids = await lease();
console.log(`worker ${ids.worker}`);
const turn = setInterval(() => {
  const made: number[] = [];
  try {
    while (made.length < PER_TURN) made.push(ids.next());
  } catch (error) {
    if ((error as { type?: string }).type !== "UNAVAILABLE") throw error;
  }
  // Whatever was made counts, also in a process that is killed right after.
  if (made.length > 0) writeSync(file, new Float64Array(made));
}, TURN_MS);

process.once("SIGTERM", async () => {
  clearInterval(turn);
  await ids.close();
  await closeRedis(redis);
});
