import assert from "node:assert/strict";
import type { Result } from "../../../contracts/actions.ts";
import type { Room } from "../../../contracts/objects.ts";
import { api, bystander, historyOf, newShow, say, statsOf } from "./suite.ts";

const show = await newShow("a room that nobody may change", "as it is");

/** A room that goes on as long as the server does. */
export const { live_id, owner } = show;
await say(owner, live_id, "as it was");

/**
 * Everything that a request which is refused might have changed: rooms, messages, accounts. Viewers
 * come and go by themselves, so they do not count.
 */
export async function stateOf(): Promise<object> {
  const [{ room }, list, { key }, stats, history, ...accounts] = await Promise.all([
    api.ok<{ room: Room }>("GET /room/live/single", { query: { live_id } }),
    api.ok<Result<"live.list">>("GET /room/live/list"),
    api.ok<{ key: string }>("GET /room/live/key", { query: { live_id }, token: owner.token }),
    statsOf(show),
    historyOf(live_id),
    api.ok("GET /user/me", { token: owner.token }),
    api.ok("GET /user/me", { token: bystander.token }),
  ]);
  const { viewers: _, ...lasting } = room;
  return { room: lasting, key, rooms: list.total, messages: stats.messages, history, accounts };
}

export async function untouched(before: object): Promise<void> {
  assert.deepEqual(await stateOf(), before);
}
