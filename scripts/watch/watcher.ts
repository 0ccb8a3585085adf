import type { LiveMessage, Room } from "../../contracts/objects.ts";
import { isId } from "../../lib/ids.ts";
import type { StreamNews } from "../lib/room-stream.ts";
import type { ServerSentEvent } from "../lib/sse-client.ts";
import { clock, type Lines, watching } from "./lines.ts";
import { MergeDigest } from "./merge-digest.ts";
import type { Screen } from "./screen.ts";

/** Without a status line the number of viewers is told at most this often, in ms. */
const VIEWERS_EVERY_MS = 15_000;

/** Shows one room: turns the news of its stream into lines. */
export class Watcher {
  private readonly room: Room;
  private readonly lines: Lines;
  private readonly screen: Screen;
  private readonly digest = new MergeDigest();
  private viewers: number;
  private viewersToldMs = 0;
  /** The connection is gone at the moment. */
  private away = false;

  constructor(room: Room, lines: Lines, screen: Screen) {
    this.room = room;
    this.lines = lines;
    this.screen = screen;
    this.viewers = room.viewers;
  }

  begin(nowMs: number): void {
    this.screen.print(...this.lines.header(this.room, nowMs));
  }

  take(news: StreamNews, nowMs: number): void {
    switch (news.kind) {
      case "open":
        if (this.away) this.screen.print(this.lines.notice("connected again"));
        this.away = false;
        break;
      case "event":
        this.event(news.event, nowMs);
        break;
      case "lost":
        if (!this.away && news.waitMs > 0) this.screen.print(this.lines.notice(lostText(news)));
        this.away = news.waitMs > 0;
        break;
      case "over":
        this.screen.print(...this.digest.settled(Infinity).map((r) => this.lines.repeated(r)));
        this.screen.print(this.lines.notice(news.text));
    }
    this.tick(nowMs);
  }

  /** To be called about once a second: for what is told later, and for the clock. */
  tick(nowMs: number): void {
    this.screen.print(...this.digest.settled(nowMs).map((r) => this.lines.repeated(r)));
    const since = Math.max(0, Math.floor(nowMs / 1000) - this.room.start_time);
    const state = this.away ? "connecting …" : watching(this.viewers);
    this.screen.status(` ${clock(since)} · ${state} · Ctrl-C leaves`);
  }

  private event({ event, data }: ServerSentEvent, nowMs: number): void {
    const value = parsed(data);
    if (event === "message") this.message(value as LiveMessage | null);
    else if (event === "presence") this.presence(value as { viewers?: unknown } | null, nowMs);
    else if (event === "merged")
      this.merged(value as { id?: unknown; count?: unknown } | null, nowMs);
    else if (event === "reset")
      this.screen.print(this.lines.notice("some messages are missing here"));
  }

  private message(message: LiveMessage | null): void {
    if (typeof message?.content !== "string" || typeof message.user_name !== "string") return;
    this.screen.print(this.lines.message(message));
    this.digest.shown(message.id, message.content);
  }

  private presence(value: { viewers?: unknown } | null, nowMs: number): void {
    if (typeof value?.viewers !== "number") return;
    this.viewers = value.viewers;
    if (this.screen.isTerminal || nowMs - this.viewersToldMs < VIEWERS_EVERY_MS) return;
    this.viewersToldMs = nowMs;
    this.screen.print(this.lines.notice(watching(this.viewers)));
  }

  private merged(value: { id?: unknown; count?: unknown } | null, nowMs: number): void {
    if (isId(value?.id) && typeof value?.count === "number")
      this.digest.merged(value.id, value.count, nowMs);
  }
}

function lostText({ reason, waitMs }: { reason: string; waitMs: number }): string {
  return `connection lost: ${reason}; trying again in ${Math.max(1, Math.round(waitMs / 1000))} s`;
}

/** A server of another version may send what this one does not know. */
function parsed(data: string): object | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
