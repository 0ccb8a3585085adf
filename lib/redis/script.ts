import { createHash } from "node:crypto";
import type { RedisClient } from "./connect.ts";

/** A Lua script that runs on the server as one step; takes its keys first, then its arguments. */
export type RedisScript<T> = (...keysAndArgs: (string | number)[]) => Promise<T>;

/**
 * Makes a script known to a client. It travels with the first calls of each connection and is called by
 * its hash after that; a server that does not know it all the same (another one of a cluster, or one
 * whose scripts were flushed) is told again.
 *
 * ioredis has `defineCommand` for that. Its commands get into V8's old generation though, which those of
 * EVALSHA do not: 1 KB for each (docs/benchmarks.md).
 *
 * @param keys how many of the arguments are keys; all of one call must lie in one slot
 */
export function defineScript<T>(redis: RedisClient, keys: number, lua: string): RedisScript<T> {
  const hash = createHash("sha1").update(lua).digest("hex");
  let isKnown = false;
  redis.on("ready", () => {
    isKnown = false;
  });
  const tell = async (args: (string | number)[]): Promise<T> => {
    const answer = await redis.eval(lua, keys, ...args);
    isKnown = true;
    return answer as T;
  };
  return (...args) => {
    if (!isKnown) return tell(args);
    return (redis.evalsha(hash, keys, ...args) as Promise<T>).catch((error: Error) => {
      if (!error.message.startsWith("NOSCRIPT")) throw error;
      return tell(args);
    });
  };
}
