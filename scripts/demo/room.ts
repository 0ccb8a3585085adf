import type { Room } from "../../contracts/objects.ts";
import { ApiError, type LiveApi } from "../lib/live-api.ts";
import type { Account } from "./account.ts";
import { DEMO_ROOM } from "./cast.ts";

/** The streamer's room: the one that is open from an earlier demo, else a new one. */
export async function openRoom(
  api: LiveApi,
  streamer: Account,
  signal: AbortSignal,
): Promise<Room> {
  try {
    const { live_id } = await api.openRoom(await streamer.token(), DEMO_ROOM, signal);
    return await api.room(live_id, signal);
  } catch (error) {
    const open = error instanceof ApiError && error.is("ROOM_EXISTS") ? error.data?.live_id : null;
    if (typeof open !== "number") throw error;
    return api.room(open, signal);
  }
}
