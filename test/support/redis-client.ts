import {
  closeRedis,
  openRedis,
  type RedisClient,
  type RedisNews,
} from "../../lib/redis/connect.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";

/** A client that is closed when the test ends, and what it told of its connection. */
export function redisClient(
  t: CleanupScope,
  url: string,
): { redis: RedisClient; news: RedisNews[] } {
  const news: RedisNews[] = [];
  const redis = openRedis(url, { report: (item) => news.push(item) });
  cleanUp(t, () => closeRedis(redis));
  return { redis, news };
}
