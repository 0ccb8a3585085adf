import type { ActionName } from "../../../contracts/actions.ts";

/** What a parameter means, where its name and its schema do not say it already. */
const notes: Record<string, string> = {
  live_id: "The room",
  last_event_id:
    "Resume after this message, as the header Last-Event-ID does, which goes before it; 0: from the start",
  recent: "Begin with the last so many messages",
  content: "What is said",
  type: "0 bullet, 1 gift, 2 super message",
  style: "How players draw it; in a query or form as JSON text",
  data: "Details of a gift or super message; in a query or form as JSON text",
  seconds: "How long; 0 unmutes",
  bucket: "Seconds per slice; chosen by the length of the show when absent",
  format: "xml: Bilibili; json: DPlayer v3; ass: subtitles",
  "message.multi.start_time": "First live_time, in seconds since the room's start_time",
  "message.multi.offset": "Seconds from start_time to the last live_time wanted",
  "live.list.offset": "Rooms to leave out at the beginning",
  "live.list.limit": "Rooms at most; 20 when absent",
  lottery_id: "The lottery",
  gift: "The prize, how many win it, and when entry ends: at most 24 hours ahead; in a query or form as JSON text",
  condition:
    "What one has to do to join; value is the keyword to say; in a query or form as JSON text",
  options:
    "Who may not join: winners of the owner's last exclude_last lotteries, the blocked, accounts that were younger than min_account_age seconds; at_show_end: what happens when the show ends first",
  contact: "How the owner can reach the winner",
  before: "The last id of the page before; the newest when absent",
  "lottery.multi.limit": "Lotteries at most; 100 when absent",
  "lottery.mine.limit": "Prizes at most; 20 when absent",
  "lottery.entrants.after": "The last id of the page before",
  "lottery.entrants.limit": "Ids at most; 1,000 when absent",
};

export function noteOn(action: ActionName, field: string): string | null {
  return notes[`${action}.${field}`] ?? notes[field] ?? null;
}
