import { bye, type CloseReason } from "../../../contracts/close-codes.ts";
import { fail } from "../../../contracts/errors.ts";
import type { EventMap } from "../../../contracts/events.ts";
import { HEARTBEAT, noticeEvent, retryField } from "../../../lib/sse.ts";
import { InboxStream, type Line, type ReadInbox } from "./inbox-stream.ts";

/** Where inboxes are read. */
export interface InboxSource {
  read: ReadInbox;
  /** The last number of each user's inbox, in their order; at most 100 users. */
  marks(user_ids: number[]): Promise<{ user_id: number; seq: number }[]>;
}

export interface Limits {
  /** Streams of one gateway, and of one user on it. */
  all: number;
  ofUser: number;
  /** A client that takes nothing for so long is let go. */
  slowMs: number;
  /** Idle streams get a comment this often. */
  heartbeatMs: number;
}

const LIMITS: Limits = { all: 10_000, ofUser: 8, slowMs: 30_000, heartbeatMs: 15_000 };
/** Users asked about at once. */
const BULK = 100;
/** Clients come back after this long, plus as much again at random. */
const RETRY_MS = 1_000;
/** Streams let go before others get their turn. */
const STEP_MS = 100;

const retryAfterMs = () => 1_000 + Math.random() * 4_000;

/** Who opens a stream, and after which message it goes on. */
export interface Opening {
  user_id: number;
  session_id: number;
  /** Absent: from now on. NaN: a cursor that was never given. */
  after?: number;
}

/** All streams of private messages of one gateway. */
export class Inboxes {
  private readonly source: InboxSource;
  private readonly limits: Limits;
  private readonly byUser = new Map<number, Set<InboxStream>>();
  private readonly bySession = new Map<number, Set<InboxStream>>();
  private count = 0;
  private draining = false;

  constructor(source: InboxSource, limits: Partial<Limits> = {}) {
    this.source = source;
    this.limits = { ...LIMITS, ...limits };
  }

  get size(): number {
    return this.count;
  }

  /**
   * Opens a stream; `start` writes the head of the answer, and nothing is written before.
   *
   * @throws UNAVAILABLE while streams are let go, TOO_MANY_VIEWERS, and what the source throws
   */
  async open(opening: Opening, line: Line, start: () => void): Promise<void> {
    this.checkOpen();
    const { user_id } = opening;
    const ofUser = this.byUser.get(user_id)?.size ?? 0;
    if (this.count >= this.limits.all || ofUser >= this.limits.ofUser)
      fail("TOO_MANY_VIEWERS", { retry_after_ms: retryAfterMs() });
    // Known before it is asked what there is: what is kept meanwhile is heard of.
    const stream = new InboxStream(opening, line, this.source.read);
    this.add(stream);
    line.once("close", () => this.remove(stream));
    try {
      const [mark] = await this.source.marks([user_id]);
      this.checkOpen();
      const present = mark?.seq ?? 0;
      const { after = present } = opening;
      const isKnown = after <= present;
      start();
      const notice = isKnown ? "" : noticeEvent("reset", { reason: "unknown cursor" });
      stream.begin(isKnown ? after : present, retryField(RETRY_MS * (1 + Math.random())) + notice);
      stream.expect(present);
    } catch (error) {
      this.remove(stream);
      throw error;
    }
  }

  /** A message was kept. */
  hear({ inboxes, message }: EventMap["chat.sent"]): void {
    for (const { user_id, seq } of inboxes)
      for (const stream of this.byUser.get(user_id) ?? []) stream.hear({ seq, message });
  }

  /** A session was signed out. */
  revoke(session_id: number): void {
    for (const stream of [...(this.bySession.get(session_id) ?? [])])
      this.close(stream, "NOT_ALLOWED");
  }

  /** Finds what nobody told of, and those who take nothing; to be called every few seconds. */
  async care(): Promise<void> {
    const now = Date.now();
    for (const stream of this.all()) {
      const { blockedSinceMs, lastWriteMs } = stream;
      if (blockedSinceMs > 0 && now - blockedSinceMs >= this.limits.slowMs) {
        this.close(stream, "SLOW");
        stream.cut();
      } else if (blockedSinceMs === 0 && Math.abs(now - lastWriteMs) >= this.limits.heartbeatMs)
        stream.say(HEARTBEAT);
    }
    const users = [...this.byUser.keys()];
    for (let from = 0; from < users.length; from += BULK)
      for (const { user_id, seq } of await this.source.marks(users.slice(from, from + BULK)))
        for (const stream of this.byUser.get(user_id) ?? []) stream.expect(seq);
  }

  /** Lets all go, spread over some time, and told when to come back. */
  async drain(seconds: number): Promise<void> {
    this.draining = true;
    const all = [...this.all()];
    const share = Math.ceil(all.length / Math.max(1, (seconds * 1_000) / STEP_MS));
    for (let from = 0; from < all.length; from += share) {
      if (from > 0) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      for (const stream of all.slice(from, from + share)) this.close(stream, "SHUTDOWN");
    }
  }

  private checkOpen(): void {
    if (this.draining) fail("UNAVAILABLE", { retry_after_ms: retryAfterMs() });
  }

  private *all(): Generator<InboxStream> {
    for (const streams of this.byUser.values()) yield* [...streams];
  }

  private close(stream: InboxStream, reason: CloseReason): void {
    const retry = retryField(RETRY_MS * (1 + 4 * Math.random()));
    stream.close(retry + noticeEvent("bye", bye(reason)));
    this.remove(stream);
  }

  private add(stream: InboxStream): void {
    put(this.byUser, stream.user_id, stream);
    put(this.bySession, stream.session_id, stream);
    this.count++;
  }

  private remove(stream: InboxStream): void {
    if (!take(this.byUser, stream.user_id, stream)) return;
    take(this.bySession, stream.session_id, stream);
    this.count--;
  }
}

type Index = Map<number, Set<InboxStream>>;

function put(index: Index, key: number, stream: InboxStream): void {
  const streams = index.get(key);
  if (streams === undefined) index.set(key, new Set([stream]));
  else streams.add(stream);
}

/** Whether it was there. */
function take(index: Index, key: number, stream: InboxStream): boolean {
  const streams = index.get(key);
  if (!streams?.delete(stream)) return false;
  if (streams.size === 0) index.delete(key);
  return true;
}
