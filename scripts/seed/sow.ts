import { setTimeout as pause } from "node:timers/promises";
import type { Account } from "../demo/account.ts";
import type { LiveApi } from "../lib/live-api.ts";
import { RefusedError, type ShortVideoApi } from "../lib/short-video-api.ts";
import type { Plan } from "./plan.ts";

/** How much of a kind there is now, and how much of it is new. */
export interface Sown {
  kind: string;
  total: number;
  added: number;
}

export interface Sowing {
  live: LiveApi;
  api: ShortVideoApi;
  plan: Plan;
  /** In the order of `plan.people`, signed in. */
  people: readonly Account[];
  makeFilm(look: number, signal: AbortSignal): Promise<Buffer>;
  makePortrait(look: number, signal: AbortSignal): Promise<Buffer>;
  /** Told as it goes on: what, and how far. */
  progress(kind: string, done: number, total: number): void;
  signal: AbortSignal;
}

/** Requests at a time. */
const AT_ONCE = 4;

/**
 * Adds what a plan has and the server has not. What is asked for first is what is there already, so a
 * run that was cut short can be repeated, and one more changes nothing.
 */
export async function sow(sowing: Sowing): Promise<Sown[]> {
  const portraits = await sowPortraits(sowing);
  const follows = await sowFollows(sowing);
  const videos = await sowVideos(sowing);
  const ids = await videoIds(sowing);
  return [
    portraits,
    follows,
    videos,
    await sowLikes(sowing, ids),
    await sowComments(sowing, ids),
    await sowChats(sowing),
  ];
}

/** A portrait for whoever has none: people may have chosen one of their own since. */
async function sowPortraits({ live, api, people, makePortrait, ...rest }: Sowing): Promise<Sown> {
  const bare: number[] = [];
  for (const [n, person] of people.entries())
    if ((await api.person(await person.token(), person.userId)).avatar === "") bare.push(n);
  for (const [done, n] of bare.entries()) {
    rest.progress("portraits", done, bare.length);
    await live.setAvatar(await tokenOf(people, n), await makePortrait(n, rest.signal), rest.signal);
  }
  return { kind: "portraits", total: people.length, added: bare.length };
}

async function sowFollows({ api, plan, people, ...rest }: Sowing): Promise<Sown> {
  const known = await Promise.all(
    people.map(async (person) => {
      const list = await api.following(await person.token(), person.userId);
      return new Set(list.map(({ id }) => id));
    }),
  );
  const idOf = (n: number) => people[n]?.userId as number;
  const missing = plan.follows.filter(({ who, whom }) => !known[who]?.has(idOf(whom)));
  await each("follows", missing, rest, async ({ who, whom }) => {
    await api.follow(await tokenOf(people, who), idOf(whom));
  });
  return { kind: "follows", total: plan.follows.length, added: missing.length };
}

async function sowVideos({ api, plan, people, makeFilm, ...rest }: Sowing): Promise<Sown> {
  const titles = await Promise.all(
    people.map(async (person) => {
      const list = await api.published(await person.token(), person.userId);
      return new Set(list.map(({ title }) => title));
    }),
  );
  const missing = plan.videos.filter(({ author, title }) => !titles[author]?.has(title));
  // One after the other: the order in which they are published is the order of the feed.
  for (const [n, { author, title, look }] of missing.entries()) {
    rest.progress("videos", n, missing.length);
    const film = await makeFilm(look, rest.signal);
    await patiently(
      async () => api.publish(await tokenOf(people, author), title, film),
      rest.signal,
    );
  }
  return { kind: "videos", total: plan.videos.length, added: missing.length };
}

/** The ids of the plan's videos, in their order. */
async function videoIds({ api, plan, people }: Sowing): Promise<number[]> {
  const ids = await Promise.all(
    people.map(async (person) => {
      const list = await api.published(await person.token(), person.userId);
      return new Map(list.map(({ title, id }) => [title, id]));
    }),
  );
  return plan.videos.map(({ author, title }) => ids[author]?.get(title) as number);
}

async function sowLikes({ api, plan, people, ...rest }: Sowing, ids: number[]): Promise<Sown> {
  const known = await Promise.all(
    people.map(async (person) => {
      const list = await api.liked(await person.token(), person.userId);
      return new Set(list.map(({ id }) => id));
    }),
  );
  const missing = plan.likes.filter(({ who, video }) => !known[who]?.has(ids[video] as number));
  await each("likes", missing, rest, async ({ who, video }) => {
    await api.like(await tokenOf(people, who), ids[video] as number);
  });
  return { kind: "likes", total: plan.likes.length, added: missing.length };
}

async function sowComments({ api, plan, people, ...rest }: Sowing, ids: number[]): Promise<Sown> {
  const said = await Promise.all(
    ids.map(async (id) => {
      const list = await api.comments(await tokenOf(people, 0), id);
      return new Set(list.map(({ user, content }) => `${user.id} ${content}`));
    }),
  );
  const missing = plan.comments.filter(
    ({ who, video, text }) => !said[video]?.has(`${people[who]?.userId} ${text}`),
  );
  await each("comments", missing, rest, async ({ who, video, text }) => {
    await api.comment(await tokenOf(people, who), ids[video] as number, text);
  });
  return { kind: "comments", total: plan.comments.length, added: missing.length };
}

/** Turn after turn: what answers comes after what it answers. */
async function sowChats({ api, plan, people, signal, progress }: Sowing): Promise<Sown> {
  const said = new Map<string, Set<string>>();
  let added = 0;
  for (const [n, { from, to, text }] of plan.chats.entries()) {
    progress("messages", n, plan.chats.length);
    const token = await tokenOf(people, from);
    const [writer, reader] = [people[from]?.userId as number, people[to]?.userId as number];
    const pair = `${Math.min(from, to)} ${Math.max(from, to)}`;
    const known =
      said.get(pair) ??
      new Set((await api.chat(token, reader)).map((m) => `${m.from_user_id} ${m.content}`));
    said.set(pair, known);
    if (known.has(`${writer} ${text}`)) continue;
    await patiently(() => api.write(token, reader, text), signal);
    added += 1;
  }
  return { kind: "messages", total: plan.chats.length, added };
}

function tokenOf(people: readonly Account[], n: number): Promise<string> {
  return (people[n] as Account).token();
}

/** A few at a time, each until the server takes it. */
async function each<T>(
  kind: string,
  items: readonly T[],
  { progress, signal }: Pick<Sowing, "progress" | "signal">,
  job: (item: T) => Promise<void>,
): Promise<void> {
  let done = 0;
  const waiting = items.values();
  const queue = async () => {
    for (const item of waiting) {
      await patiently(() => job(item), signal);
      progress(kind, ++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, queue));
}

/** Tries again as often and as late as the server says (`Retry-After`). */
async function patiently(job: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.retryAfterMs === null) throw error;
      await pause(error.retryAfterMs, undefined, { signal });
    }
  }
}
