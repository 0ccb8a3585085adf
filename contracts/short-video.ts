/**
 * The objects of the short-video dialect, exactly as its clients know them. Between services they
 * carry paths (`/media/…`) where a client gets absolute URLs; the gateway makes these.
 */

/** A person, as another one (the viewer) sees them. */
export interface DouyinUser {
  id: number;
  name: string;
  follow_count: number;
  follower_count: number;
  /** The viewer follows them. */
  is_follow: boolean;
  /** "" where there is none; so are the next two. */
  avatar: string;
  background_image: string;
  signature: string;
  /** Likes of their videos; text in the published contract. */
  total_favorited: string;
  work_count: number;
  favorite_count: number;
}

/** A video, as the viewer sees it. */
export interface DouyinVideo {
  id: number;
  author: DouyinUser;
  play_url: string;
  cover_url: string;
  favorite_count: number;
  comment_count: number;
  /** The viewer likes it. */
  is_favorite: boolean;
  title: string;
}

/** A video in the feed, whose author may be live: `live_id` is the room, 0 when there is none. */
export interface FeedVideo extends DouyinVideo {
  author: DouyinUser & { live_id: number };
}

/** The show of somebody whom the viewer follows, on now. */
export interface FollowedShow {
  /** The streamer's user id and name. */
  id: number;
  name: string;
  live_id: number;
  room_name: string;
  /** "" where there is none. */
  cover_url: string;
}

/** A video by itself, between services: without counts, and with its author's id. */
export interface VideoRow {
  video_id: number;
  author: number;
  /** Paths of ours. */
  play: string;
  cover: string;
  title: string;
  create_ms: number;
}

/** A comment, between services. */
export interface VideoComment {
  comment_id: number;
  user_id: number;
  content: string;
  create_ms: number;
}

/** A comment, as the viewer sees it. */
export interface DouyinComment {
  id: number;
  user: DouyinUser;
  content: string;
  /** `mm-dd`, in the server's time zone. */
  create_date: string;
}

/** Whom the viewer follows and is followed by, with the last word between the two. */
export interface DouyinFriend extends DouyinUser {
  /** "" as long as nothing was said. */
  message: string;
  /** 0: the viewer got it, 1: the viewer wrote it. */
  msgType: 0 | 1;
}

/** A message of a private chat. */
export interface DouyinMessage {
  id: number;
  to_user_id: number;
  from_user_id: number;
  content: string;
  /** Unix ms; strictly ascending within a chat, so that a client asks for what is later than its last. */
  create_time: number;
}
