import { after } from "node:test";
import type { Result } from "../../../contracts/actions.ts";
import type { LiveMessage, RoomStats, Session } from "../../../contracts/objects.ts";
import { type ApiClient, openApi } from "../../support/api-client.ts";
import { type CleanupScope, cleanUp } from "../../support/cleanup.ts";
import { type ConfigPart, startServer } from "../../support/server.ts";
import { type StreamEvent, Viewer, type ViewerOptions } from "../../support/viewer.ts";
import { waitFor } from "../../support/wait-for.ts";

/** One server for all areas: they run one after the other in the process of live.test.ts. */
export const scope = { after };

/** Limits that these tests do not reach; equal texts are folded for as long as any test takes. */
export const generous = {
  limiter: { user_rate: 1_000, user_burst: 1_000, room_rate: 10_000, merge_window_ms: 60_000 },
  gateway: { sign_in_rate: 10_000, sign_in_burst: 10_000 },
} satisfies ConfigPart;

export const server = await startServer(scope, { config: generous, env: { DRAIN_SECONDS: "1" } });
export const api: ApiClient = await openApi(scope, server.url);

export interface Member extends Session {
  username: string;
  password: string;
}

let members = 0;

/** A new account that is signed in. */
export async function newMember(): Promise<Member> {
  const username = `member ${++members}`;
  const password = `the secret of ${username}`;
  const session = await api.ok<Session>("POST /register", { json: { username, password } });
  return { ...session, username, password };
}

export interface Show extends Result<"live.open"> {
  owner: Member;
}

/** A room that is live, of an owner of its own. */
export async function newShow(room_name = "a show", description = ""): Promise<Show> {
  const owner = await newMember();
  const opened = await api.ok<Result<"live.open">>("POST /room/live", {
    token: owner.token,
    json: { room_name, description },
  });
  return { ...opened, owner };
}

/** A room whose show is over. */
export async function endedShow(): Promise<Show> {
  const show = await newShow();
  await end(show);
  return show;
}

export async function end({ live_id, owner }: Show): Promise<void> {
  await api.ok("DELETE /room/live", { token: owner.token, query: { live_id } });
}

/** Says something in a room; answers the message's id. */
export async function say(
  sender: Member,
  live_id: number,
  content: string,
  more: object = {},
): Promise<number> {
  const json = { live_id, type: 0, content, ...more };
  return (await api.ok<{ id: number }>("POST /message/live", { token: sender.token, json })).id;
}

export async function messageOf(id: number): Promise<LiveMessage> {
  const query = { id };
  return (await api.ok<Result<"message.single">>("GET /message/history/single", { query })).message;
}

/** The first hundred messages of a room. */
export async function historyOf(live_id: number): Promise<LiveMessage[]> {
  const query = { live_id, start_time: 0, offset: 1_000_000 };
  return (await api.ok<Result<"message.multi">>("GET /message/history/multi", { query })).messages;
}

export async function statsOf({ live_id, owner }: Show): Promise<RoomStats> {
  const sent = { token: owner.token, query: { live_id } };
  return (await api.ok<{ stats: RoomStats }>("GET /room/live/stats", sent)).stats;
}

/** Watches a room until the scope ends. */
export async function watch(
  scope: CleanupScope,
  liveId: number,
  { token, ...options }: Partial<ViewerOptions> & { token?: string } = {},
): Promise<Viewer> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const viewer = new Viewer({
    port: server.port,
    liveId,
    ...options,
    headers: { ...options.headers, ...headers },
  });
  cleanUp(scope, () => viewer.close());
  await viewer.opened;
  const head = { status: viewer.status, headers: Object.fromEntries(viewer.headers) };
  api.judge("GET /message/live", { ...head, text: "", json: null, code: null });
  return viewer;
}

/** Waits for the first event of that name that fits, also one that came already. */
export async function event(
  viewer: Viewer,
  name: string,
  fits: (data: StreamEvent["data"]) => boolean = () => true,
): Promise<StreamEvent> {
  const found = () => viewer.events.find((one) => one.name === name && fits(one.data));
  return await waitFor(found, { message: `an event "${name}"` });
}

/** Waits for the message of that id. */
export async function message(viewer: Viewer, id: number): Promise<LiveMessage> {
  const { data } = await event(viewer, "message", (one) => one.id === id);
  return data as unknown as LiveMessage;
}

/** All messages that a viewer has seen, folded ones of their own included. */
export function messagesOf(viewer: Viewer): LiveMessage[] {
  return viewer.of("message") as unknown as LiveMessage[];
}

/** A room that never was; ids are made of the time, and this one is of 2024. */
export const NO_ROOM = 4_096;

/** Who has an account but no part in any show. */
export const bystander = await newMember();
