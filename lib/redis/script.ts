import type { RedisClient } from "./connect.ts";

/** A Lua script that runs on the server as one step; takes its keys first, then its arguments. */
export type RedisScript<T> = (...keysAndArgs: (string | number)[]) => Promise<T>;

/**
 * Makes a script known to a client. It travels once per connection and is called by its hash after
 * that; a server that forgot it (a restart) is told again.
 *
 * @param keys how many of the arguments are keys; all of one call must lie in one slot
 */
export function defineScript<T>(
  redis: RedisClient,
  name: string,
  keys: number,
  lua: string,
): RedisScript<T> {
  redis.defineCommand(name, { numberOfKeys: keys, lua });
  const commands = redis as unknown as Record<string, RedisScript<T>>;
  return (...args) => (commands[name] as RedisScript<T>)(...args);
}
