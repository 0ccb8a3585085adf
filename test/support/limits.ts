import type { ConfigPart } from "./server.ts";

/** A configuration in which nothing is ever limited, merged or refused for being too much. */
export const unlimited = {
  limiter: {
    user_rate: 10_000,
    user_burst: 10_000,
    room_rate: 100_000,
    room_rate_min: 100_000,
    merge_window_ms: 0,
  },
  gateway: { sign_in_rate: 10_000, sign_in_burst: 10_000 },
} satisfies ConfigPart;
