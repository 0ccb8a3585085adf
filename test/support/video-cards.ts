import type { Context, ServiceSchema } from "moleculer";
import type { Params, Result } from "../../contracts/actions.ts";

/** Stands in for the video service: videos 1 to `count`, each of its author. */
export function videoCards(count: number, authorOf: (video_id: number) => number): ServiceSchema {
  return {
    name: "video",
    actions: {
      cards(ctx: Context<Params<"video.cards">>): Result<"video.cards"> {
        const videos = ctx.params.video_ids
          .filter((video_id) => video_id <= count)
          .map((video_id) => ({
            video_id,
            author: authorOf(video_id),
            play: `/media/video/${video_id}.mp4`,
            cover: `/media/cover/${video_id}.jpg`,
            title: `video ${video_id}`,
            create_ms: 1_700_000_000_000 + video_id,
          }));
        return { videos };
      },
    },
  };
}

/** The meta of a call by that user. */
export function by(user_id: number) {
  return { meta: { user: { user_id, username: `user${user_id}`, session_id: user_id } } };
}
