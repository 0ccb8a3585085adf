import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { requireProgram } from "../bootstrap/programs.mjs";
import { ServerProcess } from "./server-process.ts";

const CONNECT_MS = 2_000;

export interface RedisNode {
  name: string;
  folder: string;
  port: number;
  password: string;
  /** Lines added to its configuration. */
  settings?: readonly string[];
}

/** One Redis that writes everything it is told to its append-only file. */
export function redisNode({ name, folder, port, password, settings = [] }: RedisNode) {
  const command = requireProgram("redis-server");
  const file = join(folder, "redis.conf");
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    "appendonly yes",
    'save ""',
    ...settings,
    "",
  ];
  // Not as arguments: everybody on the machine can read those.
  writeFileSync(file, lines.join("\n"), { mode: 0o600 });
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const probe = async () => {
    await askRedis(url, (redis) => redis.ping());
  };
  return new ServerProcess({ name, command, args: [file], folder, url, probe });
}

/** One conversation on a connection of its own; throws at once when there is no answer. */
export async function askRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}
