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
};

export function noteOn(action: ActionName, field: string): string | null {
  return notes[`${action}.${field}`] ?? notes[field] ?? null;
}
