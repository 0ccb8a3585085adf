import type { Config } from "./config.ts";
import type { DouyinMessage } from "./short-video.ts";

/**
 * Every event, by name. Events are past-tense facts; all may be lost without harm, or have their own
 * repair (`push.batch` names the id before its first message).
 */
export interface EventMap {
  /** Another configuration is in force. Broadcast by every config node that finds it. */
  "config.changed": { config: Config; revision: number };
  /** A config node's revision in force. Broadcast now and then, for who missed a change. */
  "config.current": { revision: number };
  /** A show began. Broadcast. */
  "live.opened": { live_id: number };
  /** A show is over; its room takes no more messages. Broadcast. */
  "live.ended": { live_id: number; end_time: number };
  /** The owner muted (until, Unix ms) or unmuted (0) a user. Broadcast. */
  "live.muted": { live_id: number; user_id: number; until_ms: number };
  /** Sent to the groups of exactly the gateways that have viewers of the room. */
  "push.batch": PushBatch;
  /** Another node runs this room now: gateways register with it at once. Broadcast. */
  "push.awoke": { live_id: number; epoch: number };
  /** How many watch a room, on change and at most once a second. Broadcast. */
  "push.audience": { live_id: number; viewers: number };
  /**
   * A private message was kept, with its number in the inbox of each of the two. Broadcast; whose
   * stream misses one finds it by the next number, or by asking for the last one now and then.
   */
  "chat.sent": { inboxes: { user_id: number; seq: number }[]; message: DouyinMessage };
  /** A session was signed out; its access tokens are void until they expire. Broadcast. */
  "user.revoked": { session_id: number; until_ms: number };
}

export type EventName = keyof EventMap;

/**
 * Some pushed messages of one room, already encoded as SSE text, once for all gateways.
 *
 * `prev` is the id before the first message: a hub whose last id is another one has a hole and asks
 * for it before it delivers. A batch without ids carries only notices (`merged`, `presence`).
 */
export interface PushBatch {
  live_id: number;
  prev: number;
  /** Ascending ids of the messages in `text`. */
  ids: number[];
  /** SSE events, one blank line after each: the messages in order, then notices. */
  text: string;
  /** What only its sender gets to see: SSE text without an id line. */
  own?: OwnMessage[];
  /** Set when the show is over: the hub says `end` and closes. */
  ended?: true;
}

export interface OwnMessage {
  user_id: number;
  text: string;
}

/** The event group of one gateway's hub, so that an actor can address it alone. */
export function hubGroup(nodeId: string): string {
  return `hub:${nodeId}`;
}
