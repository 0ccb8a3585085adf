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
const picture = { type: "string", description: "Where it is, on this server" };
const count = { type: "integer", minimum: 0 };
const ids = { type: "array", items: ref("Id") };
const hash = { type: "string", pattern: "^[0-9a-f]{64}$" };

/** What each action's result adds to `base_resp`, by property; a `?` after a name means optional. */
export const answers: { [A in ActionName]?: Record<string, Schema> } = {
  "user.register": session,
  "user.login": session,
  "user.refresh": session,
  "user.logout": {},
  "user.me": { user: ref("Account") },
  "user.avatar": { avatar: picture },
  "user.background": { background_image: picture },

  "live.open": {
    live_id,
    key: { type: "string", description: "Stream key; whoever has it can send the video" },
  },
  "live.close": {},
  "live.key": { key: { type: "string" } },
  "live.single": { room: ref("Room") },
  "live.list": { rooms: { type: "array", items: ref("Room") }, total: count },
  "live.stats": { stats: ref("RoomStats") },
  "live.cover": { cover: picture },
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

  "lottery.create": { id: ref("Id") },
  "lottery.single": { gift: ref("Gift") },
  "lottery.multi": { gifts: { type: "array", items: ref("Gift") } },
  "lottery.entry": {},
  "lottery.cancel": {},
  "lottery.draw": {},
  "lottery.proof": {
    version: { const: 1 },
    lottery_id: ref("Id"),
    commitment: { ...hash, description: "SHA-256 of the seed" },
    beacon_round: {
      type: ["integer", "null"],
      description: "The drand round that goes into the draw; null without a beacon",
    },
    "count?": { type: "integer", minimum: 1, description: "How many were to win" },
    "seed?": { ...hash, description: "Only after the draw, as everything below" },
    "beacon?": { type: "string", description: "Randomness of the round, hex; empty without" },
    "entries_digest?": { ...hash, description: "SHA-256 of the ids, joined by commas" },
    "entrants?": count,
    "winners?": ids,
    "entrants_url?": { type: "string", description: "The list of ids, relative to this address" },
  },
  "lottery.entrants": {
    ids,
    next_url: {
      type: ["string", "null"],
      description: "The next page, relative to this address; null: this was the last",
    },
  },
  "lottery.mine": { prizes: { type: "array", items: ref("Prize") } },
  "lottery.claim": {},
  "lottery.winners": { winners: { type: "array", items: ref("LotteryWinner") } },
};

/** The schema of an action's whole JSON answer. */
export function answerSchema(action: ActionName): Schema {
  return object({ base_resp: ref("BaseResp"), ...(answers[action] ?? {}) });
}
