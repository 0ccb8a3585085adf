import { createParser, type ParseError } from "eventsource-parser";

/** One event of a stream, as WHATWG HTML ("Server-sent events") dispatches it. */
export interface ServerSentEvent {
  /** `message` when the stream names none. */
  event: string;
  /** The id that came with this very event; null when it has none. */
  id: string | null;
  data: string;
}

/** Characters of one event; the longest that a server sends has about a million. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/** Turns the bytes of one stream into events, however the network has cut them. */
export class SseDecoder {
  private readonly decoder = new TextDecoder();
  private readonly parser;
  private events: ServerSentEvent[] = [];
  private failure: ParseError | null = null;
  /** How long the server wants clients to wait before they come back, in ms; null: it said nothing. */
  retryMs: number | null = null;

  constructor() {
    this.parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: ({ event = "message", id = null, data }) => this.events.push({ event, id, data }),
      onRetry: (ms) => {
        this.retryMs = ms;
      },
      onError: (error) => {
        // Unknown fields and the like are to be ignored.
        if (error.type === "max-buffer-size-exceeded") this.failure = error;
      },
    });
  }

  /**
   * The events that these bytes complete.
   *
   * @throws ParseError when one event has more than {@link MAX_EVENT_CHARS} characters
   */
  push(bytes: Uint8Array): ServerSentEvent[] {
    this.parser.feed(this.decoder.decode(bytes, { stream: true }));
    if (this.failure !== null) throw this.failure;
    const events = this.events;
    this.events = [];
    return events;
  }
}
