import type { PushBatch } from "./events.ts";
import type { CancelReason } from "./lottery.ts";
import type { MessageRecord } from "./message-record.ts";
import type {
  DanmakuStyle,
  Density,
  LiveMessage,
  LiveShow,
  MessageData,
  Room,
  RoomCounters,
  RoomStats,
  Upload,
} from "./objects.ts";

type Empty = Record<string, never>;

/** What the room actor needs to know of a room before it lets anyone speak. */
export interface RoomCard {
  live_id: number;
  owner: number;
  start_time: number;
  is_live: boolean;
  muted: { user_id: number; until_ms: number }[];
  /** As last kept by `live.count`; absent in a room that has not been counted yet. */
  counters?: RoomCounters;
}

/** What is known of a room's recent past: enough to resume any viewer whose cursor is ≥ `prev`. */
export interface TailSnapshot {
  /** The id before the oldest batch below; a cursor older than this cannot be resumed. */
  prev: number;
  batches: PushBatch[];
  viewers: number;
  /** Names the actor's life: another value on renewal means that the hub has to start over. */
  epoch: number;
}

/** The actions of `live`, `push` and `message`. */
export interface RoomActions {
  "live.open": {
    params: { room_name: string; description: string };
    result: { live_id: number; key: string };
  };
  "live.key": { params: { live_id: number }; result: { key: string } };
  "live.close": { params: { live_id: number }; result: Empty };
  "live.single": { params: { live_id: number }; result: { room: Room } };
  "live.list": {
    params: { offset?: number; limit?: number };
    result: { rooms: Room[]; total: number };
  };
  "live.stats": { params: { live_id: number }; result: { stats: RoomStats } };
  "live.mute": {
    /** `seconds` 0 unmutes. */
    params: { live_id: number; user_id: number; seconds: number };
    result: Empty;
  };
  /** Gives a room its picture; answers the path of it. */
  "live.cover": { params: { live_id: number; upload: Upload }; result: { cover: string } };
  /** Internal: for the room actor. */
  "live.card": { params: { live_id: number }; result: RoomCard };
  /** Internal: the open rooms of those who have one, in no particular order. */
  "live.shows": { params: { owners: number[] }; result: { rooms: LiveShow[] } };

  /** Internal: the room actor keeps its counters now and then, so that they outlive it. */
  "live.count": { params: { live_id: number; counters: RoomCounters }; result: Empty };

  /**
   * Internal: the open room of a stream key, for a media node (`holder`) that is about to take video;
   * `taken` while another one does.
   */
  "live.admitStream": {
    params: { key: string; holder: string };
    result: { live_id: number } | { refused: "unknown" | "taken" };
  };
  /**
   * Internal: video comes into these rooms, through that node; holds for ten seconds. Answers those it
   * may go on with: the others are over, or another node's.
   */
  "live.keepStreams": {
    params: { holder: string; live_ids: number[] };
    result: { live_ids: number[] };
  };
  /** Internal: video has ended in these rooms, as far as it came through that node. */
  "live.endStreams": { params: { holder: string; live_ids: number[] }; result: Empty };

  "push.send": {
    params: {
      live_id: number;
      type: 0 | 1 | 2;
      content: string;
      style?: DanmakuStyle;
      data?: MessageData;
    };
    result: { id: number };
  };
  /**
   * Internal: what the system itself says in a room (lottery, winners): once for each lottery and
   * type, however often it is asked to. `since` is an id from before it was first asked.
   */
  "push.announce": {
    params: {
      live_id: number;
      type: 3 | 4;
      content: string;
      lottery_id: number;
      data?: { cancelled: CancelReason };
      since: number;
    };
    result: { id: number };
  };
  /**
   * Internal: answers when all messages up to an id are either durable or refused, and tells that id;
   * later messages have higher ones.
   */
  "push.fence": { params: { live_id: number }; result: { id: number; now_ms: number } };
  /**
   * Internal: a hub announces or renews its interest; `viewers` 0 withdraws it. `after` is the last id
   * that it has, `last` the last one pushed.
   */
  "push.watch": {
    params: { live_id: number; node_id: string; viewers: number; epoch: number; after?: number };
    result: { epoch: number; last: number; snapshot: TailSnapshot | null };
  };
  /**
   * Internal: what a hub missed after `after`, as much as fits into one answer, or null when the tail
   * no longer reaches back.
   */
  "push.since": {
    params: { live_id: number; after: number };
    result: { batches: PushBatch[] | null };
  };
  /** Internal: counters of a room whose actor lives here. */
  "push.stats": { params: { live_id: number }; result: RoomStats };

  /** Internal: one durable commit for many messages; repeats are ignored. */
  "message.append": { params: { messages: MessageRecord[] }; result: Empty };
  /**
   * Internal: the last `limit` messages, ascending, and the id before them (0 if none). All that was
   * accepted before the call are among them, or it fails.
   */
  "message.tail": {
    params: { live_id: number; limit: number };
    result: { messages: MessageRecord[]; prev: number };
  };
  /**
   * Internal: answers once history holds all that was accepted before the call; UNAVAILABLE when
   * that takes longer than `within_ms` (4,000 when left out).
   */
  "message.catchUp": { params: { within_ms?: number }; result: Empty };
  /** For operators (REPL): accepted messages on their way into history, and those put aside. */
  "message.lag": {
    params: Empty;
    result: { waiting: number; underway: number; dead_letters: number };
  };
  "message.single": { params: { id: number }; result: { message: LiveMessage } };
  "message.multi": {
    params: { live_id: number; start_time: number; offset: number };
    result: { messages: LiveMessage[] };
  };
  "message.density": { params: { live_id: number; bucket?: number }; result: Density };
  /**
   * Internal: who said exactly that (but for blanks around it) as a danmaku, in messages after one id
   * and up to another; where to go on from, or null at the end.
   */
  "message.said": {
    params: {
      live_id: number;
      content: string;
      after: number;
      up_to: number;
      /** Unix seconds by the room's clock: said before that. */
      before: number;
    };
    result: { senders: { user_id: number; user_name: string }[]; next: number | null };
  };
  /** Internal: the message of that type about a lottery, among those after an id. */
  "message.announced": {
    params: { live_id: number; lottery_id: number; type: 3 | 4; after: number };
    result: { id: number | null };
  };
  /** Answers a stream of text. */
  "message.export": {
    params: { live_id: number; format: "xml" | "json" | "ass" };
    result: NodeJS.ReadableStream;
  };

  /** What came in becomes a listed video of the caller's. */
}
