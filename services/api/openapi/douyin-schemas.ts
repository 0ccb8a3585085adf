import { errors } from "../../../contracts/errors.ts";
import { described, object, type Schema } from "./json-schema.ts";

const id = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const count = { type: "integer", minimum: 0 };
const text = { type: "string" };
const flag = { type: "boolean" };
/** schemas.ts has the function for this, but is made of this file. */
const personRef = { $ref: "#/components/schemas/DouyinUser" };
const image = described(text, "Absolute URL, or empty");

const user: Record<string, Schema> = {
  id,
  name: text,
  follow_count: count,
  follower_count: count,
  is_follow: described(flag, "The caller follows them"),
  avatar: image,
  background_image: image,
  signature: text,
  total_favorited: described(
    { type: "string", pattern: "^\\d+$" },
    "Likes of their videos; a number written as text",
  ),
  work_count: count,
  favorite_count: count,
};

const video: Record<string, Schema> = {
  id,
  author: personRef,
  play_url: described(text, "Absolute URL"),
  cover_url: described(text, "Absolute URL"),
  favorite_count: count,
  comment_count: count,
  is_favorite: described(flag, "The caller likes it"),
  title: text,
};

/** The objects of the short-video dialect. */
export const douyinSchemas = {
  DouyinError: object(
    {
      status_code: described(
        { type: "integer", enum: [...new Set(Object.values(errors).map(({ douyin }) => douyin))] },
        "Which error; see docs/api.md",
      ),
      status_msg: described(text, "What is wrong, for people; names each bad parameter"),
    },
    "What an endpoint of the short-video dialect answers instead of its fields",
  ),
  DouyinUser: object(user, "A person, as the caller sees them"),
  DouyinFriend: object({
    ...user,
    message: described(text, "The last message between the two, or empty"),
    msgType: described({ enum: [0, 1] }, "0: the caller got it, 1: the caller wrote it"),
  }),
  DouyinVideo: object(video, "A video, as the caller sees it"),
  DouyinFeedVideo: object(
    {
      ...video,
      author: object({
        ...user,
        live_id: described(count, "The room where the author is live now, or 0"),
      }),
    },
    "A video in the feed",
  ),
  FollowedShow: object(
    {
      id: described(id, "The streamer's user id"),
      name: described(text, "The streamer's name"),
      live_id: id,
      room_name: text,
      cover_url: image,
    },
    "The show of somebody whom the caller follows, on now",
  ),
  DouyinComment: object({
    id,
    user: personRef,
    content: text,
    create_date: described({ type: "string", pattern: "^\\d\\d-\\d\\d$" }, "Month and day"),
  }),
  DouyinMessage: object({
    id,
    to_user_id: id,
    from_user_id: id,
    content: text,
    create_time: described(count, "Unix ms; strictly ascending within a chat"),
  }),
} satisfies Record<string, Schema>;
