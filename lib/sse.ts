/**
 * Server-sent events as text (WHATWG HTML, section "Server-sent events"). Data is JSON, which never
 * contains a raw newline, so one `data:` line per event and one blank line after it suffice.
 */

/** A message: carries an id, which becomes the client's cursor. */
export function messageEvent(id: number, json: string): string {
  return `id: ${id}\nevent: message\ndata: ${json}\n\n`;
}

/** A message that only its sender sees: without an id, so that it never becomes a cursor. */
export function ownMessageEvent(json: string): string {
  return `event: message\ndata: ${json}\n\n`;
}

/** Any event that is not a message. */
export function noticeEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** How long the client waits before it reconnects, in ms. */
export function retryField(ms: number): string {
  return `retry: ${Math.round(ms)}\n\n`;
}

/** A comment that keeps idle connections from being cut by what lies between. */
export const HEARTBEAT = ":\n\n";
