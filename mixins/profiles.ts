import type { ActionName, Params, Result } from "../contracts/actions.ts";
import type { DouyinUser, DouyinVideo, VideoRow } from "../contracts/short-video.ts";

/** Whoever can call actions: a context, a broker, a request of the gateway. */
interface Asking {
  call(action: string, params: unknown): Promise<unknown>;
}

/** What the caller knows already, so that nobody has to be asked for it. */
export interface Known {
  /** How many videos each of the authors published. */
  works?: ReadonlyMap<number, number>;
  /** What `relation.counts` said of all of them, for this viewer. */
  relations?: Result<"relation.counts">["users"];
}

/** Ids in one call, as the actions take them at most. */
const BULK = 100;

/**
 * People as the viewer sees them, by id; those who do not exist are missing. Up to 100 people take one
 * call of each of four actions, all at once, whatever their number; of more, each further 100 do.
 *
 * @param viewer the caller's user id, 0 for a guest
 */
export async function profiles(
  from: Asking,
  userIds: Iterable<number>,
  viewer: number,
  known: Known = {},
): Promise<Map<number, DouyinUser>> {
  const parts = await Promise.all(
    inBulk([...new Set(userIds)]).map((ids) => people(from, ids, [], viewer, known)),
  );
  return new Map(parts.flatMap(({ users }) => [...users]));
}

/**
 * Videos as the viewer sees them, in the order of the rows; those whose author does not exist are
 * missing. Up to 100 videos take one call of each of five actions, all at once; of more, each further
 * 100 do.
 *
 * @param viewer the caller's user id, 0 for a guest
 */
export async function videoCards(
  from: Asking,
  rows: readonly VideoRow[],
  viewer: number,
  known: Known = {},
): Promise<DouyinVideo[]> {
  const parts = await Promise.all(inBulk(rows).map((bulk) => cards(from, bulk, viewer, known)));
  return parts.flat();
}

async function cards(
  from: Asking,
  rows: readonly VideoRow[],
  viewer: number,
  known: Known,
): Promise<DouyinVideo[]> {
  const video_ids = rows.map(({ video_id }) => video_id);
  const authors = [...new Set(rows.map(({ author }) => author))];
  const [{ users, likes }, comments] = await Promise.all([
    people(from, authors, video_ids, viewer, known),
    ask(from, "comment.counts", { video_ids }),
  ]);
  const commentsOf = new Map(comments.videos.map((of) => [of.video_id, of.comment_count]));
  return rows.flatMap(({ video_id, author: author_id, play, cover, title }) => {
    const author = users.get(author_id);
    if (author === undefined) return [];
    const { favorite_count = 0, is_favorite = false } = likes.get(video_id) ?? {};
    return {
      id: video_id,
      author,
      play_url: play,
      cover_url: cover,
      favorite_count,
      comment_count: commentsOf.get(video_id) ?? 0,
      is_favorite,
      title,
    };
  });
}

type Likes = Result<"favorite.counts">["videos"][number];

/** At most 100 people, and the likes of at most 100 videos, which come with theirs. */
async function people(
  from: Asking,
  user_ids: number[],
  video_ids: number[],
  viewer: number,
  known: Known,
): Promise<{ users: Map<number, DouyinUser>; likes: Map<number, Likes> }> {
  const [cards, relations, favorites, works] = await Promise.all([
    ask(from, "user.cards", { user_ids }),
    known.relations ?? relationsOf(from, user_ids, viewer),
    ask(from, "favorite.counts", { user_ids, video_ids, viewer }),
    known.works ?? worksOf(from, user_ids),
  ]);
  const relationOf = byUser(relations);
  const favoriteOf = byUser(favorites.users);
  const users = cards.users.map(({ user_id, username, ...shown }): [number, DouyinUser] => {
    const relation = relationOf.get(user_id);
    const favorite = favoriteOf.get(user_id);
    return [
      user_id,
      {
        id: user_id,
        name: username,
        follow_count: relation?.follow_count ?? 0,
        follower_count: relation?.follower_count ?? 0,
        is_follow: relation?.is_follow ?? false,
        ...shown,
        total_favorited: String(favorite?.total_favorited ?? 0),
        work_count: works.get(user_id) ?? 0,
        favorite_count: favorite?.favorite_count ?? 0,
      },
    ];
  });
  return {
    users: new Map(users),
    likes: new Map(favorites.videos.map((of) => [of.video_id, of])),
  };
}

async function relationsOf(from: Asking, user_ids: number[], viewer: number) {
  return (await ask(from, "relation.counts", { user_ids, viewer })).users;
}

async function worksOf(from: Asking, user_ids: number[]): Promise<ReadonlyMap<number, number>> {
  const { users } = await ask(from, "video.works", { user_ids });
  return new Map(users.map(({ user_id, work_count }) => [user_id, work_count]));
}

function byUser<T extends { user_id: number }>(list: readonly T[]): Map<number, T> {
  return new Map(list.map((of) => [of.user_id, of]));
}

function inBulk<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / BULK) }, (_, n) =>
    list.slice(n * BULK, (n + 1) * BULK),
  );
}

function ask<A extends ActionName>(from: Asking, action: A, params: Params<A>): Promise<Result<A>> {
  return from.call(action, params) as Promise<Result<A>>;
}
