import type { CancelReason } from "./lottery.ts";

/**
 * The objects that travel between services and to clients. All of them are plain JSON: `Date`,
 * `Map`, `undefined` and `BigInt` would change on their way to another node.
 *
 * Ids are integers below 2^53. Times are Unix seconds unless a name ends in `_ms`.
 */

/** What kind of thing was said in a room. */
export const MessageType = {
  bullet: 0,
  gift: 1,
  superMessage: 2,
  lottery: 3,
  winners: 4,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** How a player draws a danmaku; colour as `#RRGGBB`. */
export interface DanmakuStyle {
  mode: "scroll" | "top" | "bottom";
  color: string;
  size: "normal" | "small";
}

/** One message of a room, as clients see it. */
export interface LiveMessage {
  type: MessageType;
  /** The message's id; for lottery and winners messages the lottery's id. */
  id: number;
  user_id: number;
  live_id: number;
  /** Seconds since the room's `start_time`. */
  live_time: number;
  /** Unix seconds. */
  send_time: number;
  content: string;
  user_name: string;
  /** Absent means scroll, #FFFFFF, normal. */
  style?: DanmakuStyle;
  /** What a gift or super message carries beyond its text. */
  data?: MessageData;
  /** Only on lottery and winners messages, where `id` is the lottery's. */
  message_id?: number;
}

/** Details of a gift (`gift_name`, `gift_count`), of a super message (`price`, `duration`), or of a cancelled lottery. */
export interface MessageData {
  gift_name?: string;
  gift_count?: number;
  /** In the platform's smallest coin unit. */
  price?: number;
  /** Seconds that a super message stays on top. */
  duration?: number;
  /** On a winners message without winners: why the lottery was cancelled. */
  cancelled?: CancelReason;
}

/** A live room; `end_time` is 0 while the show is on. */
export interface Room {
  live_id: number;
  room_name: string;
  introduction: string;
  owner: number;
  owner_name: string;
  cover: string;
  start_time: number;
  end_time: number;
  is_live: boolean;
  /** Video is coming in. */
  streaming: boolean;
  viewers: number;
}

/** A show that is on, between services: who is live, and where. */
export interface LiveShow {
  live_id: number;
  owner: number;
  owner_name: string;
  room_name: string;
  /** A path of ours or "". */
  cover: string;
}

/** What the owner sees of a room's traffic; counters start with the show. */
export interface RoomStats {
  live_id: number;
  viewers: number;
  /** Highest number of viewers seen at once. */
  peak: number;
  /** Messages accepted. */
  messages: number;
  /** Messages sent to the audience. */
  pushed: number;
  /** Repeats folded into an earlier message. */
  merged: number;
  /** Messages left out by the room's ceiling; they are in history. */
  suppressed: number;
}

/** What a room counts from the beginning of its show. */
export type RoomCounters = Omit<RoomStats, "live_id" | "viewers">;

/** An account, as its owner sees it. */
export interface Account {
  user_id: number;
  username: string;
  /** Unix seconds. */
  create_time: number;
}

/** What everybody may know of an account; the images are paths of ours, or "". */
export interface UserCard {
  user_id: number;
  username: string;
  avatar: string;
  background_image: string;
  signature: string;
}

/** What a sign-in answers. `token` is the short-lived access token. */
export interface Session {
  user_id: number;
  token: string;
  refresh_token: string;
}

/** Messages per slice of the show, for a heat strip under a player. */
export interface Density {
  live_id: number;
  /** Width of a bucket in seconds. */
  bucket: number;
  /** counts[i] covers live_time in [i·bucket, (i+1)·bucket). */
  counts: number[];
}

/** What is known of a lottery's draw before it happens: nothing that would foretell it. */
export interface LotteryPromise {
  /** Of the way to draw; docs/lottery.md describes version 1. */
  version: 1;
  lottery_id: number;
  /** Hex SHA-256 of the seed. */
  commitment: string;
  /** The drand round whose randomness goes into the draw; null where no beacon is configured. */
  beacon_round: number | null;
}

/** Everything that anyone needs to check a draw; hex strings are lower case. */
export interface LotteryProof extends LotteryPromise {
  /** How many were to win. */
  count: number;
  /** 32 bytes, hex. */
  seed: string;
  /** 32 bytes of randomness, hex; empty where no beacon is configured. */
  beacon: string;
  /** Hex SHA-256 of the entrants' ids, ascending, in decimal, joined by commas. */
  entries_digest: string;
  /** How many took part. */
  entrants: number;
  /** User ids in the order of their scores, best first. */
  winners: number[];
  /** Answers the first {@link LotteryEntrants}; relative to the address of the proof. */
  entrants_url: string;
}

/** One page of the entrants of a drawn lottery. */
export interface LotteryEntrants {
  /** User ids, ascending, all above the page before. */
  ids: number[];
  /** Where the next page is, relative to the address of this one; null: this was the last. */
  next_url: string | null;
}

/**
 * A file that came with a request. The gateway has put it into the object store and removes it when the
 * action is done; an action that wants to keep it moves it.
 */
export interface Upload {
  /** Key of the object that holds it for now. */
  object: string;
  /** Bytes. */
  size: number;
  /** Of its bytes, hexadecimal. */
  sha256: string;
}

/** What an image is for, which decides how large it is kept. */
export type ImageShape = "cover" | "background" | "avatar";

/** Who is calling, as the gateway established it; travels in `ctx.meta.user`. */
export interface Caller {
  user_id: number;
  username: string;
  /** The session (family of refresh tokens) that the access token belongs to. */
  session_id: number;
}
