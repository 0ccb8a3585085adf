/**
 * Why a stream is closed, said in its last event, `bye`. The range tells a client what to do:
 * 3000–3499 come back (after the stream's `retry`), 3500–3999 do not.
 */
export const closeCodes = {
  SHUTDOWN: { code: 3000, reason: "this gateway is going down" },
  SLOW: { code: 3001, reason: "the viewer reads too slowly" },
  LOST_OWNER: { code: 3002, reason: "the room is moving to another node" },
  NOT_ALLOWED: { code: 3500, reason: "the viewer may not watch any longer" },
} as const;

export type CloseReason = keyof typeof closeCodes;

/** The `bye` event's data. */
export interface Bye {
  code: number;
  reason: string;
  reconnect: boolean;
}

export function bye(name: CloseReason): Bye {
  const { code, reason } = closeCodes[name];
  return { code, reason, reconnect: code < 3500 };
}
