import type { Result } from "../../contracts/actions.ts";
import type { LiveShow } from "../../contracts/objects.ts";
import type {
  DouyinVideo,
  FeedVideo,
  FollowedShow,
  VideoRow,
} from "../../contracts/short-video.ts";

type Relations = Result<"relation.counts">;

/** Whom a page is put together from; each is asked once, whatever the page's length. */
export interface FeedSources {
  /** Counts of these people, and whom the viewer follows. */
  relations(userIds: number[]): Promise<Relations>;
  /** The videos as the viewer sees them. */
  cards(relations: Relations["users"]): Promise<DouyinVideo[]>;
  /** Who of these people is live. */
  shows(owners: number[]): Promise<LiveShow[]>;
}

/** Shows of followed people beside a page, at most. */
const MAX_SHOWS = 20;

/**
 * Puts a page of the feed together: each video with its author, who may be live now, and who else of
 * those whom the viewer follows is. Live rooms are an extra: without them the page is what it is.
 *
 * @param viewer the caller's user id, 0 for a guest
 */
export async function assembleFeed(
  rows: readonly VideoRow[],
  viewer: number,
  { relations, cards, shows }: FeedSources,
): Promise<{ video_list: FeedVideo[]; live_list: FollowedShow[] }> {
  const authors = [...new Set(rows.map(({ author }) => author))];
  const people = authors.length === 0 && viewer !== 0 ? [viewer] : authors;
  if (people.length === 0) return { video_list: [], live_list: [] };
  const { users, following = [] } = await relations(people);
  const [videos, live] = await Promise.all([
    authors.length === 0 ? [] : cards(users),
    shows([...new Set([...authors, ...following])]),
  ]);
  const showOf = new Map(live.map((show) => [show.owner, show]));
  return {
    video_list: videos.map((video) => ({
      ...video,
      author: { ...video.author, live_id: showOf.get(video.author.id)?.live_id ?? 0 },
    })),
    live_list: following
      .flatMap((id) => showOf.get(id) ?? [])
      .slice(0, MAX_SHOWS)
      .map(toFollowed),
  };
}

function toFollowed({ owner, owner_name, live_id, room_name, cover }: LiveShow): FollowedShow {
  return { id: owner, name: owner_name, live_id, room_name, cover_url: cover };
}
