import { connect, type Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { constants, createGunzip, type Gunzip } from "node:zlib";
import { createParser } from "eventsource-parser";

export interface StreamEvent {
  name: string;
  /** What the client's cursor becomes; null for an event without an id. */
  id: number | null;
  data: Record<string, unknown>;
}

export interface ViewerOptions {
  port: number;
  liveId: number | string;
  gzip?: boolean;
  /** Sent as the header that a reconnecting EventSource sends. */
  lastEventId?: number | string;
  /** More parameters: recent, last_event_id, token. */
  query?: Record<string, string | number>;
  headers?: Record<string, string>;
  http?: "1.0" | "1.1";
  /** Hangs up after this many bytes of the body, as they are on the wire. */
  cutAfter?: number;
  /** Takes nothing from its socket until `read()`. */
  idle?: boolean;
  /** Takes what comes and looks at none of it: one of a crowd, which must cost the test little. */
  inattentive?: boolean;
  onEvent?: (event: StreamEvent) => void;
  /** Called with each piece of the body as it came from the socket. */
  onBlock?: (bytes: Buffer) => void;
}

/** The server answered something else than a stream. */
export class StreamRefused extends Error {
  readonly status: number;
  readonly headers: Map<string, string>;
  readonly body: string;

  constructor(status: number, headers: Map<string, string>, body: string) {
    super(`the stream was refused with ${status}: ${body}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Somebody who watches a room: a bare socket, so that a test decides what is read and when. */
export class Viewer {
  /** Complete events so far; an event that was cut off is none. */
  readonly events: StreamEvent[] = [];
  /** Ids of the messages among them. */
  readonly ids: number[] = [];
  readonly comments: string[] = [];
  readonly retries: number[] = [];
  /** What no reader of event streams should find. */
  readonly faults: string[] = [];
  status = 0;
  statusLine = "";
  readonly headers = new Map<string, string>();
  /** Bytes of the body, as they came. */
  bytes = 0;
  /** Resolves when the head of the stream is here; rejects with {@link StreamRefused} or an error. */
  readonly opened: Promise<void>;
  /** Resolves when the connection is gone and all that came is decoded. */
  readonly closed: Promise<void>;
  /** The connection is gone. */
  isClosed = false;

  private readonly socket: Socket;
  private readonly options: ViewerOptions;
  private readonly text = new StringDecoder("utf8");
  private readonly parser = createParser({
    onEvent: ({ event, id, data }) => this.take(event, id, data),
    onComment: (comment) => this.comments.push(comment),
    onRetry: (ms) => this.retries.push(ms),
    onError: (error) => this.faults.push(error.message),
  });
  private readonly opening = Promise.withResolvers<void>();
  private readonly closing = Promise.withResolvers<void>();
  private gunzip: Gunzip | null = null;
  private head: Buffer | null = Buffer.alloc(0);
  private refusal = Buffer.alloc(0);
  private error: Error | null = null;

  constructor(options: ViewerOptions) {
    this.options = options;
    this.opened = this.opening.promise;
    this.closed = this.closing.promise;
    this.opened.catch(() => {});
    this.socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    if (options.idle) this.socket.pause();
    else this.socket.on("data", (chunk) => this.receive(chunk));
    this.socket.on("error", (error) => {
      this.error = error;
    });
    this.socket.on("close", () => this.finish());
    this.socket.write(request(options));
  }

  /** The viewer's cursor: the last id it has seen, or the one it came with. */
  get cursor(): number {
    return (
      this.ids.at(-1) ?? Number(this.options.lastEventId ?? this.options.query?.last_event_id ?? 0)
    );
  }

  /** The data of all events of that name. */
  of(name: string): Record<string, unknown>[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Begins to take what the socket holds, for one that was idle. */
  read(): void {
    this.socket.on("data", (chunk) => this.receive(chunk));
    this.socket.resume();
  }

  /** Hangs up. */
  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.head !== null) this.receiveHead(chunk);
    else this.receiveBody(chunk);
  }

  private receiveHead(chunk: Buffer): void {
    const head = Buffer.concat([this.head as Buffer, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) {
      this.head = head;
      return;
    }
    this.head = null;
    const [statusLine = "", ...lines] = head.toString("latin1", 0, end).split("\r\n");
    this.statusLine = statusLine;
    this.status = Number(statusLine.split(" ")[1]);
    for (const line of lines) {
      const colon = line.indexOf(":");
      this.headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    if (this.status === 200) this.opening.resolve();
    if (this.headers.get("content-encoding") === "gzip") this.gunzip = this.inflating();
    if (head.length > end + 4) this.receiveBody(head.subarray(end + 4));
  }

  private receiveBody(chunk: Buffer): void {
    if (this.status !== 200) {
      this.receiveRefusal(chunk);
      return;
    }
    const { cutAfter = Number.POSITIVE_INFINITY } = this.options;
    const taken = chunk.subarray(0, cutAfter - this.bytes);
    this.bytes += taken.length;
    this.options.onBlock?.(taken);
    if (this.options.inattentive) return;
    if (this.gunzip === null) this.parser.feed(this.text.write(taken));
    else this.gunzip.write(taken);
    if (this.bytes >= cutAfter) this.close();
  }

  private receiveRefusal(chunk: Buffer): void {
    this.refusal = Buffer.concat([this.refusal, chunk]);
    if (this.refusal.length < Number(this.headers.get("content-length"))) return;
    this.opening.reject(new StreamRefused(this.status, this.headers, this.refusal.toString()));
    this.close();
  }

  /** A live stream is never complete, so its decoder must not ask for a trailer. */
  private inflating(): Gunzip {
    const { Z_SYNC_FLUSH } = constants;
    const gunzip = createGunzip({ flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH });
    gunzip.on("data", (chunk: Buffer) => this.parser.feed(this.text.write(chunk)));
    gunzip.on("error", (error) => this.faults.push(error.message));
    return gunzip;
  }

  private take(name = "", id: string | undefined, json: string): void {
    const event = { name, id: id === undefined ? null : Number(id), data: JSON.parse(json) };
    this.events.push(event);
    if (event.id !== null) this.ids.push(event.id);
    this.options.onEvent?.(event);
  }

  private finish(): void {
    this.isClosed = true;
    this.opening.reject(this.error ?? new Error("the connection was closed without an answer"));
    const done = () => this.closing.resolve();
    if (this.gunzip === null || this.gunzip.destroyed) done();
    else this.gunzip.once("close", done).end();
  }
}

/** Opens a stream and waits until it is there. */
export async function watch(options: ViewerOptions): Promise<Viewer> {
  const viewer = new Viewer(options);
  await viewer.opened;
  return viewer;
}

function request(options: ViewerOptions): string {
  const { liveId, query = {}, http = "1.1", lastEventId, gzip, headers = {} } = options;
  const parameters = new URLSearchParams({ live_id: String(liveId) });
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  const lines = [
    `GET /message/live?${parameters} HTTP/${http}`,
    `Host: 127.0.0.1:${options.port}`,
    "Accept: text/event-stream",
    ...(gzip ? ["Accept-Encoding: gzip"] : []),
    ...(lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
