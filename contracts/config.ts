/**
 * What operators change while the system runs. Services mirror it (mixins/config.mixin.ts) and apply
 * a change without a restart. Every limit is finite.
 */
export interface Config {
  limiter: {
    /** Messages per second that one user may send to one room, and how many at once. */
    user_rate: number;
    user_burst: number;
    /** Ceiling on messages per second pushed in one room; what is beyond stays in history only. */
    room_rate: number;
    /** The ceiling shrinks as the audience grows, down to this. */
    room_rate_min: number;
    /** Deliveries per second (viewers × messages) that one room may cause over all gateways. */
    room_egress: number;
    /** Equal contents within this many ms are pushed once and counted. 0 = never merge. */
    merge_window_ms: number;
  };
  words: {
    /** A message with one of these is refused. */
    refuse: string[];
    /** These are replaced by asterisks. */
    mask: string[];
  };
  features: {
    register: boolean;
    guests: boolean;
    compression: boolean;
  };
  hub: {
    /** Streams that one gateway accepts. */
    max_viewers: number;
    /** New streams per second that one gateway accepts, and how many at once. */
    accept_rate: number;
    accept_burst: number;
    /**
     * A busy room is flushed at most this often, in ms. Less than what commits gather, or a message
     * that waited for its commit would mostly wait for the flush as well.
     */
    flush_ms: number;
    /** A viewer that takes nothing for this long is closed, in ms. */
    slow_close_ms: number;
  };
  gateway: {
    /** Sign-ins and registrations per second and address, and how many at once. */
    sign_in_rate: number;
    sign_in_burst: number;
    /** Files that one gateway takes in at a time. */
    max_uploads: number;
  };
  storage: {
    /** What one user may keep, in MiB. */
    quota_mb: number;
  };
}

export const defaultConfig: Config = {
  limiter: {
    user_rate: 3,
    user_burst: 6,
    room_rate: 100,
    room_rate_min: 20,
    room_egress: 2_000_000,
    merge_window_ms: 1000,
  },
  words: { refuse: [], mask: [] },
  features: { register: true, guests: true, compression: true },
  hub: {
    max_viewers: 18_000,
    accept_rate: 3_000,
    accept_burst: 6_000,
    flush_ms: 40,
    slow_close_ms: 30_000,
  },
  gateway: { sign_in_rate: 20, sign_in_burst: 200, max_uploads: 32 },
  storage: { quota_mb: 10_240 },
};

/** Inclusive bounds of every number in the configuration. */
export const configBounds: { [S in keyof Config]?: { [K in keyof Config[S]]?: [number, number] } } =
  {
    limiter: {
      user_rate: [0.01, 10_000],
      user_burst: [1, 10_000],
      room_rate: [1, 100_000],
      room_rate_min: [1, 100_000],
      room_egress: [1_000, 1_000_000_000],
      merge_window_ms: [0, 60_000],
    },
    hub: {
      max_viewers: [0, 1_000_000],
      accept_rate: [1, 1_000_000],
      accept_burst: [1, 1_000_000],
      flush_ms: [5, 1_000],
      slow_close_ms: [1_000, 600_000],
    },
    gateway: {
      sign_in_rate: [0.01, 100_000],
      sign_in_burst: [1, 100_000],
      max_uploads: [0, 10_000],
    },
    storage: { quota_mb: [0, 100_000_000] },
  };
