import type { Env } from "../../lib/env.ts";
import { BootError } from "../serve/refusals.ts";

/** What nodes have to share; alone, each would have a world of its own. */
const SHARED: readonly (readonly [variable: string, field: keyof Env])[] = [
  ["NATS_URL", "natsUrl"],
  ["DATABASE_URL", "databaseUrl"],
  ["REDIS_URL", "redisUrl"],
];

/** @throws BootError naming every variable that a node cannot be without */
export function needShared(env: Env): void {
  const missing = SHARED.filter(([, field]) => env[field] === null).map(([variable]) => variable);
  if (missing.length === 0) return;
  throw new BootError(
    `A node needs ${missing.join(", ")}: what several nodes share; ` +
      '"npm run stack" starts such servers, "npm start" runs everything without them.',
  );
}
