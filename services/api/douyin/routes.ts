import type { DouyinRoute } from "./route.ts";
import { accountRoutes } from "./routes/account.ts";
import { chatRoutes } from "./routes/chat.ts";
import { commentRoutes } from "./routes/comment.ts";
import { favoriteRoutes } from "./routes/favorite.ts";
import { relationRoutes } from "./routes/relation.ts";
import { videoRoutes } from "./routes/video.ts";

/** The short-video dialect: one list per area, each in a file of its own beside this one. */
export const douyinRoutes: readonly DouyinRoute[] = [
  ...accountRoutes,
  ...relationRoutes,
  ...chatRoutes,
  ...videoRoutes,
  ...favoriteRoutes,
  ...commentRoutes,
];
