import { CHATS, NAMES, REMARKS, TITLES } from "./words.ts";

/** All people sign in with this. */
export const SEED_PASSWORD = "seed-password";

/** What a server is to hold; people are named by their place in `people`, videos likewise. */
export interface Plan {
  people: string[];
  follows: { who: number; whom: number }[];
  videos: PlannedVideo[];
  likes: { who: number; video: number }[];
  comments: { who: number; video: number; text: string }[];
  chats: { from: number; to: number; text: string }[];
}

export interface PlannedVideo {
  author: number;
  /** Of its own among all videos of the plan. */
  title: string;
  /** What tells its pictures from those of the others. */
  look: number;
}

/** People of whom one looks at the videos of another, of a hundred. */
const FOLLOWING = 35;
const LIKING = 40;
/** Comments on a video, at most. */
const MAX_COMMENTS = 4;

/** Plans demo data: the same sizes give the same plan, whenever and wherever. */
export function plan({ users, videos }: { users: number; videos: number }): Plan {
  const people = Array.from({ length: users }, (_, n) => nth(NAMES, n, "_"));
  const pairs = people.flatMap((_, who) =>
    people.flatMap((__, whom) => (who === whom ? [] : [{ who, whom }])),
  );
  // Whoever comes follows who was there last and is followed back, so that there are friends.
  const follows = pairs.filter(
    ({ who, whom }) => Math.abs(who - whom) === 1 || decide("follow", who, whom) % 100 < FOLLOWING,
  );
  const planned = Array.from({ length: videos }, (_, n) => ({
    author: decide("author", n) % Math.min(users, NAMES.length),
    title: nth(TITLES, n, " · "),
    look: n,
  }));
  return {
    people,
    follows,
    videos: planned,
    likes: planned.flatMap((_, video) =>
      people.flatMap((__, who) =>
        decide("like", who, video) % 100 < LIKING ? [{ who, video }] : [],
      ),
    ),
    comments: planned.flatMap((_, video) => remarks(video, users)),
    chats: people.slice(1).flatMap((_, n) => chat(n, n + 1)),
  };
}

function remarks(video: number, users: number): Plan["comments"] {
  const count = decide("comments", video) % (MAX_COMMENTS + 1);
  return Array.from({ length: count }, (_, n) => ({
    who: decide("commenter", video, n) % Math.min(users, NAMES.length),
    video,
    text: REMARKS[(decide("remark", video) + n) % REMARKS.length] as string,
  }));
}

function chat(one: number, other: number): Plan["chats"] {
  const turns = CHATS[one % CHATS.length] as readonly string[];
  return turns.map((text, turn) =>
    turn % 2 === 0 ? { from: one, to: other, text } : { from: other, to: one, text },
  );
}

/** The nth of a list that begins anew with a number when it is at its end. */
function nth(list: readonly string[], n: number, between: string): string {
  const round = Math.floor(n / list.length);
  return `${list[n % list.length]}${round === 0 ? "" : `${between}${round + 1}`}`;
}

/** A number that looks random and depends on these alone (FNV-1a, then mixed). */
function decide(about: string, ...of: number[]): number {
  let hash = 0x811c9dc5;
  for (const char of `${about} ${of.join(" ")}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}
