import type { Config } from "../../contracts/config.ts";
import type { ErrorData, ErrorName } from "../../contracts/errors.ts";
import type { PushBatch } from "../../contracts/events.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import type { DanmakuStyle, MessageData, MessageType } from "../../contracts/objects.ts";
import type { RoomCard } from "../../contracts/room-actions.ts";
import type { Random } from "./limiter.ts";

/** What a room is told. */
export type Command =
  | {
      kind: "send";
      now_ms: number;
      id: number;
      sender: { user_id: number; user_name: string };
      type: MessageType;
      content: string;
      style: DanmakuStyle | null;
      data: MessageData | null;
    }
  | {
      kind: "announce";
      now_ms: number;
      id: number;
      type: 3 | 4;
      content: string;
      lottery_id: number;
      data?: MessageData;
    }
  | { kind: "committed"; now_ms: number; record: MessageRecord; random: Random }
  | { kind: "flush"; now_ms: number; random: Random }
  | { kind: "watch"; now_ms: number; node_id: string; viewers: number }
  /** Now and then: gateways that fell silent are dropped. */
  | { kind: "sweep"; now_ms: number }
  | { kind: "mute"; user_id: number; until_ms: number }
  /** Everybody who is muted. */
  | { kind: "mutes"; muted: RoomCard["muted"] }
  | { kind: "configure"; now_ms: number; config: Config }
  | { kind: "end"; now_ms: number; random: Random };

/** What has to be done about it. */
export type Effect =
  | { kind: "refuse"; error: ErrorName; data: ErrorData | null }
  /** Make it durable, then come back with `committed`; an urgent one without waiting for others. */
  | { kind: "append"; record: MessageRecord; isUrgent: boolean }
  /** Come back with `flush` at that time. */
  | { kind: "schedule"; at_ms: number }
  /** Send to the gateways; `kept` is the part that has to be remembered before, null when none. */
  | { kind: "emit"; batch: PushBatch; kept: PushBatch | null }
  | { kind: "audience"; viewers: number };
