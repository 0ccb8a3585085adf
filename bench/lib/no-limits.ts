/**
 * Nothing is refused, left out or folded, so that every message can be accounted for; and nobody is
 * kept from signing in with all the others.
 */
export const NO_LIMITS = {
  limiter: {
    user_rate: 10_000,
    user_burst: 10_000,
    room_rate: 100_000,
    room_rate_min: 100_000,
    room_egress: 1_000_000_000,
    merge_window_ms: 0,
  },
  gateway: { sign_in_rate: 10_000, sign_in_burst: 10_000 },
};
