import type { ActionName } from "../../../contracts/actions.ts";
import { object, ref, type Schema } from "./schemas.ts";

const session = {
  user_id: ref("Id"),
  token: { type: "string", description: "Access token (JWT), short-lived" },
  refresh_token: {
    type: "string",
    description: "For POST /token/refresh; good for one use, and long-lived",
  },
};
const live_id = ref("Id");
const messages = { type: "array", items: ref("LiveMessage") };
const count = { type: "integer", minimum: 0 };

/** What each action's result adds to `base_resp`, by property; a `?` after a name means optional. */
export const answers: { [A in ActionName]?: Record<string, Schema> } = {
  "user.register": session,
  "user.login": session,
  "user.refresh": session,
  "user.logout": {},
  "user.me": { user: ref("Account") },

  "live.open": {
    live_id,
    key: { type: "string", description: "Stream key; whoever has it can send the video" },
  },
  "live.close": {},
  "live.key": { key: { type: "string" } },
  "live.single": { room: ref("Room") },
  "live.list": { rooms: { type: "array", items: ref("Room") }, total: count },
  "live.stats": { stats: ref("RoomStats") },
  "live.mute": {},

  "push.send": { id: ref("Id") },
  "message.single": { message: ref("LiveMessage") },
  "message.multi": { messages },
  "message.density": {
    live_id,
    bucket: { type: "integer", minimum: 1, description: "Seconds per bucket" },
    counts: {
      type: "array",
      items: count,
      description: "counts[i] covers live_time from i·bucket to (i+1)·bucket",
    },
  },
};

/** The schema of an action's whole JSON answer. */
export function answerSchema(action: ActionName): Schema {
  return object({ base_resp: ref("BaseResp"), ...(answers[action] ?? {}) });
}
