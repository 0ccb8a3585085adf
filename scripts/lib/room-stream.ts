import { setTimeout as pause } from "node:timers/promises";
import type { Bye } from "../../contracts/close-codes.ts";
import { ApiError, errorOf, reach, UnreachableError } from "./live-api.ts";
import { type ServerSentEvent, SseDecoder } from "./sse-client.ts";

/** What happens on a stream, its interruptions included. */
export type StreamNews =
  /** The stream stands; `again` after an interruption. */
  | { kind: "open"; again: boolean }
  | { kind: "event"; event: ServerSentEvent }
  /** The stream is gone and will be asked for again after `waitMs`. */
  | { kind: "lost"; reason: string; waitMs: number }
  /** The last news: the show is over, or the server does not want this viewer back. */
  | { kind: "over"; reason: "ended" | "dismissed"; text: string };

export interface FollowOptions {
  base: string;
  liveId: number;
  /** Begin with that many of the latest messages. */
  recent?: number;
  /** Access token; without one the viewer is a guest. */
  token?: () => Promise<string>;
  signal: AbortSignal;
  /** From [0, 1). */
  random: () => number;
}

/** Until the server says something else by `retry`, in ms. */
const DEFAULT_RETRY_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** A stream is silent for 15 s at most; three of those, and there is nobody at the other end. */
const SILENCE_MS = 45_000;

/**
 * Watches a room as a good client does: comes back after interruptions, from where it was
 * (`Last-Event-ID`), not before the server wants it (`retry`, `Retry-After`), and not at all when it
 * was told so (`bye` with a code from 3500, `end`).
 *
 * @throws ApiError when the server refuses the stream for good; UnreachableError when it cannot be
 *   reached the first time
 */
export async function* followRoom(options: FollowOptions): AsyncGenerator<StreamNews, void> {
  const { signal, random } = options;
  const place: Place = { lastId: null, highest: 0, retryMs: DEFAULT_RETRY_MS };
  let opened = false;
  let failures = 0;
  while (!signal.aborted) {
    let reason = "the server closed the stream";
    let waitMs: number | null = null;
    try {
      for await (const news of oneStream(options, place)) {
        if (news === "open") {
          yield { kind: "open", again: opened };
          opened = true;
          failures = 0;
          continue;
        }
        yield { kind: "event", event: news };
        if (news.event === "end") {
          yield { kind: "over", reason: "ended", text: "the show is over" };
          return;
        }
        if (news.event === "bye") {
          const bye = JSON.parse(news.data) as Bye;
          if (bye.code >= 3500) {
            yield { kind: "over", reason: "dismissed", text: bye.reason };
            return;
          }
          reason = bye.reason;
        }
        if (news.event === "reset" && options.recent !== undefined) {
          // A new stream begins with the recent messages; see oneStream.
          reason = "some messages were missed";
          waitMs = 0;
          break;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError) {
        if (error.status !== 429 && error.status !== 503) throw error;
        waitMs = error.retryAfterMs;
      } else if (error instanceof UnreachableError && !opened) throw error;
      reason = (error as Error).message;
    }
    waitMs ??= backoff(place.retryMs, failures++, random);
    yield { kind: "lost", reason, waitMs };
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * How long to wait before the next attempt, in ms: what the server asked for, and after failures in a
 * row up to twice as long each time, at random so that those who were cut off together do not return
 * together.
 */
export function backoff(retryMs: number, failures: number, random: () => number): number {
  if (failures === 0) return Math.min(retryMs, LONGEST_WAIT_MS);
  const limit = Math.min(LONGEST_WAIT_MS, retryMs * 2 ** Math.min(failures, 16));
  return Math.round(limit / 2 + (random() * limit) / 2);
}

/** Where the viewer is, across streams. */
interface Place {
  /** The cursor; null where it is of no use. */
  lastId: string | null;
  /** The highest id told: messages that come again are left out. */
  highest: number;
  retryMs: number;
}

async function* oneStream(
  { base, liveId, recent, token, signal }: FollowOptions,
  place: Place,
): AsyncGenerator<"open" | ServerSentEvent> {
  const headers = new Headers({ Accept: "text/event-stream" });
  if (token !== undefined) headers.set("Authorization", `Bearer ${await token()}`);
  if (place.lastId !== null) headers.set("Last-Event-ID", place.lastId);
  const start = place.lastId === null && recent !== undefined ? `&recent=${recent}` : "";

  const silence = new Silence(SILENCE_MS);
  try {
    const response = await reach(base, `/message/live?live_id=${liveId}${start}`, {
      headers,
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!isStream(response)) throw await errorOf(response, base);
    yield "open";
    const decoder = new SseDecoder();
    for await (const bytes of response.body ?? []) {
      silence.restart();
      const events = decoder.push(bytes);
      if (decoder.retryMs !== null) place.retryMs = decoder.retryMs;
      for (const event of events) if (advance(place, event)) yield event;
    }
  } finally {
    silence.end();
  }
}

/** Moves the cursor; false for a message that was told before. */
function advance(place: Place, { event, id }: ServerSentEvent): boolean {
  if (event === "reset") place.lastId = null;
  if (id === null) return true;
  place.lastId = id;
  // Ids ascend within a room, see lib/ids.ts.
  const number = Number(id);
  if (number <= place.highest) return false;
  place.highest = number;
  return true;
}

function isStream(response: Response): boolean {
  const type = response.headers.get("content-type") ?? "";
  return response.ok && type.startsWith("text/event-stream");
}

/** Aborts when nothing was heard for a while. */
class Silence {
  private readonly controller = new AbortController();
  private readonly limitMs: number;
  private timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
    this.timer = this.begin();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  restart(): void {
    clearTimeout(this.timer);
    this.timer = this.begin();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private begin(): NodeJS.Timeout {
    return setTimeout(() => {
      this.controller.abort(new Error(`nothing was heard for ${this.limitMs / 1000} s`));
    }, this.limitMs);
  }
}
