import type { DouyinMessage } from "../../../contracts/short-video.ts";
import { messageEvent } from "../../../lib/sse.ts";

/** A message with its number in the inbox of the user whose stream it is. */
export interface Numbered {
  seq: number;
  message: DouyinMessage;
}

/** The connection of a stream, as much of it as a stream needs; a ServerResponse is one. */
export interface Line {
  write(text: string): boolean;
  end(): void;
  destroy(): void;
  readonly writableLength: number;
  once(event: "drain" | "close", listener: () => void): unknown;
}

/** Messages after a number, ascending, at most `limit`. */
export type ReadInbox = (
  user_id: number,
  after: number,
  limit: number,
) => Promise<readonly Numbered[]>;

/** Messages read at a time. */
const PAGE = 50;
/** A client with more than this still to take is not written to. */
const BACKLOG_BYTES = 64 * 1024;

/**
 * One open stream of a user's inbox. It keeps no messages: its place is the number of the last one it
 * was sent, and what comes after that is in the database. A message that comes with the very next
 * number is passed on at once; for anything else it reads on from its place.
 */
export class InboxStream {
  readonly user_id: number;
  readonly session_id: number;
  private readonly line: Line;
  private readonly read: ReadInbox;
  /** Number of the last message sent. */
  private last = 0;
  /** Number of the last message known to be there. */
  private target = 0;
  private begun = false;
  private reading = false;
  private closed = false;
  /** When the client was last written to, Unix ms. */
  lastWriteMs = 0;
  /** Unix ms since when the client takes nothing; 0: it takes all. */
  blockedSinceMs = 0;

  constructor(user: { user_id: number; session_id: number }, line: Line, read: ReadInbox) {
    this.user_id = user.user_id;
    this.session_id = user.session_id;
    this.line = line;
    this.read = read;
    line.once("close", () => {
      this.closed = true;
    });
  }

  /** Begins after a message; until then it only notes what there is. */
  begin(after: number, greeting: string): void {
    this.last = after;
    this.begun = true;
    this.say(greeting);
    this.expect(this.target);
  }

  /** There are messages up to this number. */
  expect(seq: number): void {
    this.target = Math.max(this.target, seq);
    if (this.begun && this.last < this.target) void this.catchUp();
  }

  /** A message was kept just now. */
  hear({ seq, message }: Numbered): void {
    const isNext = this.begun && !this.reading && seq === this.last + 1;
    if (isNext && this.line.writableLength <= BACKLOG_BYTES) this.pass({ seq, message });
    this.expect(seq);
  }

  say(text: string): void {
    if (this.closed) return;
    this.lastWriteMs = Date.now();
    this.line.write(text);
  }

  /** Says the last word; the connection closes once that is written. */
  close(word: string): void {
    this.say(word);
    this.closed = true;
    this.line.end();
  }

  cut(): void {
    this.line.destroy();
  }

  private pass({ seq, message }: Numbered): void {
    this.say(messageEvent(seq, JSON.stringify(message)));
    this.last = seq;
  }

  /** Reads on until all that is known to be there was sent; one at a time. */
  private async catchUp(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.last < this.target && !this.closed) {
        await this.room();
        const found = await this.read(this.user_id, this.last, PAGE);
        for (const one of found) if (!this.closed) this.pass(one);
        if (found.length === 0) return;
      }
    } catch {
      // Whoever looks after the streams asks again before long.
    } finally {
      this.reading = false;
    }
  }

  /** Resolves when the client has taken enough of what it was sent. */
  private async room(): Promise<void> {
    if (this.line.writableLength <= BACKLOG_BYTES || this.closed) return;
    this.blockedSinceMs = Date.now();
    await new Promise<void>((resolve) => {
      this.line.once("drain", resolve);
      this.line.once("close", resolve);
    });
    this.blockedSinceMs = 0;
  }
}
