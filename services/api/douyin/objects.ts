import type { DouyinUser } from "../../../contracts/short-video.ts";
import type { Ask } from "./route.ts";

/** A person with URLs that the client can load. */
export function withUrls<U extends DouyinUser>(user: U, url: Ask["url"]): U {
  return { ...user, avatar: url(user.avatar), background_image: url(user.background_image) };
}
