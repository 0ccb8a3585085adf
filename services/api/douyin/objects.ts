import type { DouyinUser, DouyinVideo } from "../../../contracts/short-video.ts";
import type { Ask } from "./route.ts";

/** A person with URLs that the client can load. */
export function withUrls<U extends DouyinUser>(user: U, url: Ask["url"]): U {
  return { ...user, avatar: url(user.avatar), background_image: url(user.background_image) };
}

/** A video with URLs that the client can load. */
export function videoWithUrls<V extends DouyinVideo>(video: V, url: Ask["url"]): V {
  const { author, play_url, cover_url } = video;
  return {
    ...video,
    author: withUrls(author, url),
    play_url: url(play_url),
    cover_url: url(cover_url),
  };
}

/** `mm-dd` of a time in Unix ms, in the time zone of this process. */
export function monthDay(ms: number): string {
  const time = new Date(ms);
  const twoDigits = (number: number) => String(number).padStart(2, "0");
  return `${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;
}
