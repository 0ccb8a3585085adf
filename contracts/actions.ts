import type { Config } from "./config.ts";
import type { PushBatch } from "./events.ts";
import type {
  CancelReason,
  Gift,
  LotteryCondition,
  LotteryOptions,
  LotteryWinner,
  NewGift,
  Prize,
} from "./lottery.ts";
import type { MessageRecord } from "./message-record.ts";
import type {
  Account,
  DanmakuStyle,
  Density,
  ImageShape,
  LiveMessage,
  LiveShow,
  LotteryEntrants,
  LotteryPromise,
  LotteryProof,
  MessageData,
  Room,
  RoomCounters,
  RoomStats,
  Session,
  Upload,
  UserCard,
} from "./objects.ts";
import type {
  DouyinMessage,
  DouyinVideo,
  FeedVideo,
  FollowedShow,
  VideoComment,
  VideoRow,
} from "./short-video.ts";

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

/** Every action, by name: what it takes and what it answers. */
export interface ActionMap {
  "user.register": { params: { username: string; password: string }; result: Session };
  "user.login": { params: { username: string; password: string }; result: Session };
  "user.refresh": { params: { refresh_token: string }; result: Session };
  "user.logout": { params: Empty; result: Empty };
  "user.me": { params: Empty; result: { user: Account } };
  /** Sessions signed out whose access tokens have not expired by themselves yet. */
  "user.revoked": {
    params: Empty;
    result: { sessions: { session_id: number; until_ms: number }[] };
  };

  /** `user.register` and `user.login` of the short-video dialect: one token, which lasts a week. */
  "user.join": {
    params: { username: string; password: string };
    result: { user_id: number; token: string };
  };
  "user.enter": {
    params: { username: string; password: string };
    result: { user_id: number; token: string };
  };

  /** Internal: what everybody may know of those accounts that exist; images as paths, or "". */
  "user.cards": { params: { user_ids: number[] }; result: { users: UserCard[] } };
  /** Internal: names of those accounts that exist, and since when (Unix seconds). */
  "user.brief": {
    params: { user_ids: number[] };
    result: { users: { user_id: number; username: string; create_time: number }[] };
  };

  /** Gives the caller a portrait, or a picture behind their profile; answers the path of it. */
  "user.avatar": { params: { upload: Upload }; result: { avatar: string } };
  "user.background": { params: { upload: Upload }; result: { background_image: string } };

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
  "video.publish": {
    params: { upload: Upload; title: string };
    result: { video_id: number };
  };
  /**
   * Videos older than `latest_time` (Unix ms, or seconds), the newest first, at most 30; and who of
   * those whom the caller follows is live.
   */
  "video.feed": {
    params: { latest_time?: number };
    result: { video_list: FeedVideo[]; next_time: number; live_list: FollowedShow[] };
  };
  /** What somebody published, the newest first, at most 1,000. */
  "video.by_author": { params: { user_id: number }; result: { video_list: DouyinVideo[] } };
  /** Internal: those of the videos that exist. */
  "video.cards": { params: { video_ids: number[] }; result: { videos: VideoRow[] } };

  /** Internal: how many videos each of them published. */
  "video.works": {
    params: { user_ids: number[] };
    result: { users: { user_id: number; work_count: number }[] };
  };

  /** Both may be repeated: who likes a video already goes on liking it. */
  "favorite.like": { params: { video_id: number }; result: Empty };
  "favorite.unlike": { params: { video_id: number }; result: Empty };
  /** What a user likes, the last liked first, at most 1,000. */
  "favorite.list": { params: { user_id: number }; result: { video_ids: number[] } };
  /** Internal: for each of them, in their order. `viewer` 0: a guest, who likes nothing. */
  "favorite.counts": {
    params: { video_ids: number[]; user_ids: number[]; viewer: number };
    result: {
      videos: { video_id: number; favorite_count: number; is_favorite: boolean }[];
      /** `total_favorited`: likes of all their videos; `favorite_count`: how many videos they like. */
      users: { user_id: number; total_favorited: number; favorite_count: number }[];
    };
  };

  "comment.create": {
    params: { video_id: number; comment_text: string };
    result: { comment: VideoComment };
  };
  /** By who wrote it, or by the video's author. */
  "comment.remove": { params: { video_id: number; comment_id: number }; result: Empty };
  /** Newest first, at most 1,000. */
  "comment.list": { params: { video_id: number }; result: { comments: VideoComment[] } };
  /** Internal: for each of the videos, in their order. */
  "comment.counts": {
    params: { video_ids: number[] };
    result: { videos: { video_id: number; comment_count: number }[] };
  };

  /** Both may be repeated: who follows somebody already goes on following them. */
  "relation.follow": { params: { to_user_id: number }; result: Empty };
  "relation.unfollow": { params: { to_user_id: number }; result: Empty };
  /** The latest first, at most 1,000; so are the next two. */
  "relation.following": { params: { user_id: number }; result: { user_ids: number[] } };
  "relation.followers": { params: { user_id: number }; result: { user_ids: number[] } };
  /** Whom a user follows and is followed by. */
  "relation.friends": { params: { user_id: number }; result: { user_ids: number[] } };
  /**
   * Internal: for each of the users, in their order. `viewer` 0: a guest, who follows nobody. With
   * `following` also whom the viewer follows, as `relation.following` has it.
   */
  "relation.counts": {
    params: { user_ids: number[]; viewer: number; following?: boolean };
    result: {
      following?: number[];
      users: {
        user_id: number;
        follow_count: number;
        follower_count: number;
        is_follow: boolean;
      }[];
    };
  };
  /** Internal: whether one follows the other. */
  "relation.follows": {
    params: { follower: number; followee: number };
    result: { follows: boolean };
  };
  "lottery.create": {
    params: { gift: NewGift; condition?: Partial<LotteryCondition>; options?: LotteryOptions };
    result: { id: number };
  };
  "lottery.single": { params: { id: number }; result: { gift: Gift } };
  /** The newest first; `before` is the id of the last one of the page before. */
  "lottery.multi": {
    params: { live_id: number; before?: number; limit?: number };
    result: { gifts: Gift[] };
  };
  "lottery.entry": { params: { lottery_id: number }; result: Empty };
  "lottery.cancel": { params: { lottery_id: number }; result: Empty };
  /** Ends a lottery now instead of at its end_time. */
  "lottery.draw": { params: { lottery_id: number }; result: Empty };
  /** The promise until it is drawn, then the proof. */
  "lottery.proof": { params: { id: number }; result: LotteryPromise | LotteryProof };
  "lottery.entrants": {
    params: { id: number; after?: number; limit?: number };
    result: LotteryEntrants;
  };
  "lottery.mine": {
    params: { before?: number; limit?: number };
    result: { prizes: Prize[] };
  };
  "lottery.claim": { params: { lottery_id: number; contact: string }; result: Empty };
  "lottery.winners": { params: { id: number }; result: { winners: LotteryWinner[] } };
  /**
   * Internal: makes an image of ours out of one that came in, and keeps it for its owner's purpose
   * beside what is kept for that already, until `storage.settle`. `field` is how the client called it.
   * `turn` grows: where one image is shown, a later turn must win over an earlier one.
   */
  "storage.image": {
    params: { upload: Upload; owner: number; purpose: string; shape: ImageShape; field: string };
    result: { key: string; turn: number };
  };
  /** Internal: an owner keeps an object whose removal is the caller's business; counts as theirs. */
  "storage.record": {
    params: { owner: number; purpose: string; key: string; bytes: number };
    result: Empty;
  };
  /** Internal: what an owner kept for a purpose before that turn is not needed any more. */
  "storage.settle": { params: { owner: number; purpose: string; turn: number }; result: Empty };
  /** Internal: QUOTA_EXCEEDED when so many bytes more would be too many for an owner. */
  "storage.admit": { params: { owner: number; bytes: number }; result: Empty };
  /** Internal: what an owner keeps, and may keep. */
  "storage.usage": { params: { owner: number }; result: { bytes: number; max_bytes: number } };

  /** Once answered, the message is kept. */
  "chat.send": { params: { to_user_id: number; content: string }; result: { id: number } };
  /** The messages of a chat later than `after_ms`, ascending; without it the last ones. At most 200. */
  "chat.history": {
    params: { to_user_id: number; after_ms?: number };
    result: { messages: DouyinMessage[] };
  };
  /** The last word between the caller and each of those with whom there is one. */
  "chat.latest": {
    params: { user_ids: number[] };
    result: { messages: { user_id: number; content: string; msg_type: 0 | 1 }[] };
  };
  /**
   * Internal: messages of all chats of a user after a number, ascending. Numbers of an inbox have no
   * gaps, and whoever has seen one has all before it.
   */
  "chat.inbox": {
    params: { user_id: number; after: number; limit: number };
    result: { messages: { seq: number; message: DouyinMessage }[] };
  };
  /** Internal: for each of the users, in their order, the last number of their inbox; 0: it is empty. */
  "chat.marks": {
    params: { user_ids: number[] };
    result: { users: { user_id: number; seq: number }[] };
  };

  "config.get": { params: Empty; result: { config: Config; revision: number } };
  /** For operators (REPL): changes one value, e.g. `limiter.room_rate`. */
  "config.set": {
    params: { key: string; value: unknown };
    result: { config: Config; revision: number };
  };

  "api.inbox": { params: { last_event_id?: number }; result: null };
  "api.watch": {
    params: { live_id: number; last_event_id?: number; recent?: number };
    result: null;
  };
}

export type ActionName = keyof ActionMap;
export type Params<A extends ActionName> = ActionMap[A]["params"];
export type Result<A extends ActionName> = ActionMap[A]["result"];
