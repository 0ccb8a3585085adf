import type { Config } from "./config.ts";
import type {
  Gift,
  LotteryCondition,
  LotteryOptions,
  LotteryWinner,
  NewGift,
  Prize,
} from "./lottery.ts";
import type {
  Account,
  ImageShape,
  LotteryEntrants,
  LotteryPromise,
  LotteryProof,
  Session,
  Upload,
  UserCard,
} from "./objects.ts";
import type { RoomActions } from "./room-actions.ts";
import type {
  DouyinMessage,
  DouyinVideo,
  FeedVideo,
  FollowedShow,
  VideoComment,
  VideoRow,
} from "./short-video.ts";

type Empty = Record<string, never>;

/** Every action, by name: what it takes and what it answers; those of rooms are in room-actions.ts. */
export interface ActionMap extends RoomActions {
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
