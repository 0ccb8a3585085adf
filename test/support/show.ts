import { setTimeout as pause } from "node:timers/promises";
import type { MessageType } from "../../contracts/objects.ts";

/** Where a server is; it may be restarted on the same address. */
export interface Address {
  url: string;
  port: number;
}

export interface Account {
  name: string;
  userId: number;
  token: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The live envelope, or whatever else the path answers. */
  body: Record<string, unknown> & { base_resp?: { status_code: number; status_msg: string } };
}

/** A show that is on: its room, its owner and those who talk in it. */
export interface Show {
  liveId: number;
  owner: Account;
  speakers: Account[];
}

export const PASSWORD = "correct horse";

let named = 0;

/** One request of the live dialect; throws only when there is no answer. */
export async function request(
  server: Address,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) };
}

/** A request that has to succeed. */
export async function ask<T>(...args: Parameters<typeof request>): Promise<T> {
  const { status, body } = await request(...args);
  if (status !== 200) throw new Error(`${args[1]} ${args[2]}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}

/** Creates an account of a name that no other test has. */
export async function register(server: Address): Promise<Account> {
  const name = `somebody_${++named}`;
  const session = await ask<{ user_id: number; token: string }>(server, "POST", "/register", {
    username: name,
    password: PASSWORD,
  });
  return { name, userId: session.user_id, token: session.token };
}

/** Opens a room, with so many people who have accounts and may talk in it. */
export async function openShow(server: Address, speakers = 1): Promise<Show> {
  const [owner, ...others] = await Promise.all(
    Array.from({ length: speakers + 1 }, () => register(server)),
  );
  if (owner === undefined) throw new Error("a show has an owner");
  const room = { room_name: "A show 直播", description: "" };
  const opened = await ask<{ live_id: number }>(server, "POST", "/room/live", room, owner.token);
  return { liveId: opened.live_id, owner, speakers: others };
}

export function endShow(server: Address, { liveId, owner }: Show): Promise<unknown> {
  return ask(server, "DELETE", `/room/live?live_id=${liveId}`, undefined, owner.token);
}

/** What became of one message: its id if it was accepted. */
export interface Said {
  status: number;
  id: number | null;
  headers: Headers;
  body: Answer["body"];
}

/** Sends a message; throws only when there is no answer. */
export async function say(
  server: Address,
  speaker: Account,
  liveId: number,
  content: string,
  type: MessageType = 0,
): Promise<Said> {
  const message = { live_id: liveId, type, content };
  const answer = await request(server, "POST", "/message/live", message, speaker.token);
  const id = answer.status === 200 ? Number(answer.body.id) : null;
  return { ...answer, id };
}

/** Sends a message that has to be accepted; its id. */
export async function sayAccepted(...args: Parameters<typeof say>): Promise<number> {
  const { id, status, body } = await say(...args);
  if (id === null) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`);
  return id;
}

/** How somebody talks: a steady stream of messages, each with a content of its own. */
export interface Talk {
  /** How many messages there are, or whether enough was said. */
  count: number | (() => boolean);
  perSecond: number;
  /** Content of the nth message. */
  content: (n: number) => string;
}

/** Requests under way at a time: commits gather for a moment, so each takes its time. */
const AT_ONCE = 64;

/**
 * Lets all speakers of a show talk; every message has to be accepted.
 *
 * @returns the messages' ids, ascending
 */
export async function sayMany(
  server: Address,
  { liveId, speakers }: Show,
  { count, perSecond, content }: Talk,
): Promise<number[]> {
  const ids: number[] = [];
  const isEnough = typeof count === "number" ? () => next >= count : count;
  const start = performance.now();
  let next = 0;
  const talk = async () => {
    while (!isEnough()) {
      const n = next++;
      const speaker = speakers[n % speakers.length] as Account;
      const early = start + (n * 1000) / perSecond - performance.now();
      if (early > 1) await pause(early);
      ids.push(await sayAccepted(server, speaker, liveId, content(n)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, talk));
  return ids.sort((a, b) => a - b);
}

/** All danmaku of a room, in the order of its exported history. */
export async function history(
  server: Address,
  liveId: number,
): Promise<{ id: number; content: string }[]> {
  const path = `/message/history/export?live_id=${liveId}&format=xml`;
  const response = await fetch(server.url + path);
  const xml = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${xml}`);
  return Array.from(
    xml.matchAll(/<d p="([^"]*)"[^>]*>([^<]*)</g),
    ([, fields = "", content = ""]) => ({
      id: Number(fields.split(",")[7]),
      content,
    }),
  );
}

/** A room's counters, as its owner sees them. */
export async function stats(
  server: Address,
  { liveId, owner }: Show,
): Promise<Record<string, number>> {
  const path = `/room/live/stats?live_id=${liveId}`;
  const answer = await ask<{ stats: Record<string, number> }>(
    server,
    "GET",
    path,
    undefined,
    owner.token,
  );
  return answer.stats;
}
