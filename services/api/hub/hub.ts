import type { IncomingMessage, ServerResponse } from "node:http";
import { bye, type CloseReason, closeCodes } from "../../../contracts/close-codes.ts";
import { type Config, defaultConfig } from "../../../contracts/config.ts";
import { fail } from "../../../contracts/errors.ts";
import type { PushBatch } from "../../../contracts/events.ts";
import { idTimeMs } from "../../../lib/ids.ts";
import { HEARTBEAT, noticeEvent, retryField } from "../../../lib/sse.ts";
import { takeToken } from "../../../lib/token-bucket.ts";
import { NO_FILE } from "./direct-write.ts";
import { GZIP_HEADER, storedBlock } from "./gzip.ts";
import type { HubRoom } from "./hub-room.ts";
import { acceptsGzip, lastEventId, streamHead } from "./stream-head.ts";
import { type RoomSource, type Subscription, Subscriptions } from "./subscriptions.ts";
import { takeSocket } from "./take-socket.ts";
import { BEHIND, bindViewer, isBlocked, type Viewer } from "./viewer.ts";

/** How often viewers that are behind, or are closing, are looked after. */
const CARE_MS = 100;
/** Idle streams get a comment this often. */
const HEARTBEAT_MS = 15_000;
/** After the last word a client has this long to take it. */
const GRACE_MS = 5_000;
/** Clients come back after this long, plus as much again at random. */
const RETRY_MS = 1_000;
/** A cursor that is further in the future than clocks differ was never given by us. */
const CLOCK_SKEW_MS = 10_000;

/** Spread, so that those who were refused together do not return together. */
const retryAfterMs = () => 1000 + Math.random() * 4000;

/** Who wants to watch what, and from where. */
export interface WatchRequest {
  liveId: number;
  userId: number;
  /** Cursor by parameter; the header `Last-Event-ID` goes before it. */
  lastEventId?: number;
  /** Start with that many of the latest messages. */
  recent?: number;
}

/** What operators see of one gateway's streams; counters since start. */
export interface HubStats {
  viewers: number;
  rooms: number;
  accepted: number;
  refused: number;
  resumed: number;
  reset: number;
  /** Streams closed by this side, by code. */
  closed: Record<number, number>;
}

/** All streams of one gateway. */
export class Hub {
  private readonly subscriptions: Subscriptions;
  private readonly behind = new Set<Viewer>();
  /** Streams whose last word is said, with the time at which they are cut. */
  private readonly closing = new Map<Viewer, number>();
  private config: Config["hub"] = defaultConfig.hub;
  private compression = true;
  private draining = false;
  private viewers = 0;
  /** Streams on their way in. */
  private joining = 0;
  private readonly accepting = { tokens: defaultConfig.hub.accept_burst, at_ms: 0 };
  private readonly counts = { accepted: 0, refused: 0, resumed: 0, reset: 0 };
  private readonly closed: Record<number, number> = {};
  private heartbeats: NodeJS.Timeout | undefined;
  /** Set while somebody is behind or closing. */
  private caring: NodeJS.Timeout | undefined;

  constructor(source: RoomSource) {
    this.subscriptions = new Subscriptions(source, {
      behind: (viewer) => this.lookAfter(viewer),
      reset: () => this.counts.reset++,
      finished: (room) => this.finish(room),
    });
    for (const { code } of Object.values(closeCodes)) this.closed[code] = 0;
  }

  start(): void {
    this.heartbeats = setInterval(() => this.heartbeat(), 1000);
    this.subscriptions.start();
  }

  configure(config: Config): void {
    this.config = config.hub;
    this.compression = config.features.compression;
  }

  get stats(): HubStats {
    return {
      viewers: this.viewers,
      rooms: this.subscriptions.size,
      ...this.counts,
      closed: { ...this.closed },
    };
  }

  get isDraining(): boolean {
    return this.draining;
  }

  deliver(batch: PushBatch): void {
    this.subscriptions.deliver(batch);
  }

  audience(liveId: number, viewers: number): void {
    this.subscriptions.audience(liveId, viewers);
  }

  roomMoved(liveId: number, epoch: number): void {
    this.subscriptions.roomMoved(liveId, epoch);
  }

  nodesChanged(): void {
    this.subscriptions.nodesChanged();
  }

  /**
   * Opens a stream: takes the connection over and answers on it.
   *
   * @throws UNAVAILABLE while draining, TOO_MANY_VIEWERS at a limit, ROOM_NOT_FOUND, ROOM_NOT_LIVE;
   *   nothing has been written then
   */
  async watch(request: WatchRequest, req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.admit();
    this.joining++;
    try {
      await this.enter(request, req, res);
    } finally {
      this.joining--;
    }
  }

  /** Lets all viewers go, spread over some time, and told when to come back. */
  async drain(seconds: number): Promise<void> {
    this.draining = true;
    const all = [...this.subscriptions.rooms()].flatMap((room) => [...room.all()]);
    const steps = Math.max(1, Math.round((seconds * 1000) / CARE_MS));
    const share = Math.ceil(all.length / steps);
    for (let from = 0; from < all.length; from += share) {
      for (const viewer of all.slice(from, from + share)) this.close(viewer, "SHUTDOWN");
      await new Promise((resolve) => setTimeout(resolve, CARE_MS));
    }
    // Those that have not taken their last word by now get no more time than the drain itself.
    for (const viewer of this.closing.keys()) viewer.socket.destroy();
  }

  stop(): void {
    clearInterval(this.heartbeats);
    this.careNoMore();
    for (const room of this.subscriptions.rooms())
      for (const viewer of room.all()) viewer.socket.destroy();
    this.subscriptions.stop();
  }

  private admit(): void {
    this.checkOpen();
    const { max_viewers, accept_rate, accept_burst } = this.config;
    const full = this.viewers + this.joining >= max_viewers;
    if (full || takeToken(this.accepting, Date.now(), accept_rate, accept_burst) > 0) {
      this.counts.refused++;
      fail("TOO_MANY_VIEWERS", { retry_after_ms: retryAfterMs() });
    }
  }

  private checkOpen(): void {
    if (this.draining) fail("UNAVAILABLE", { retry_after_ms: retryAfterMs() });
  }

  private async enter(
    request: WatchRequest,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const subscription = await this.subscriptions.join(request.liveId);
    try {
      // Much may have happened meanwhile.
      this.checkOpen();
      if (subscription.room.ended) fail("ROOM_NOT_LIVE");
      if (!req.socket.destroyed) this.open(subscription, request, req, res);
    } finally {
      subscription.joined();
    }
  }

  private open(
    subscription: Subscription,
    request: WatchRequest,
    req: IncomingMessage,
    res: ServerResponse,
  ): void {
    const { room } = subscription;
    const gzip = this.compression && acceptsGzip(req);
    const head = streamHead(res.getHeaders(), gzip);
    const start = this.startingPoint(room, request, req);

    const viewer: Viewer = {
      socket: takeSocket(req, res),
      fd: NO_FILE,
      streamed: true,
      room,
      gzip,
      inStep: false,
      userId: request.userId,
      seq: BEHIND,
      lastId: start.cursor,
      section: null,
      index: -1,
      blockedSinceMs: 0,
    };
    this.viewers++;
    this.counts.accepted++;
    viewer.socket.once("close", this.gone);
    bindViewer(viewer);
    room.add(viewer);

    const viewers = Math.max(subscription.viewers, room.size);
    const greeting = Buffer.from(
      retryField(RETRY_MS * (1 + Math.random())) +
        start.notice +
        noticeEvent("presence", { viewers }),
    );
    viewer.socket.cork();
    viewer.socket.write(head, "latin1");
    if (gzip) viewer.socket.write(GZIP_HEADER);
    viewer.socket.write(gzip ? storedBlock(greeting) : greeting);
    if (!room.catchUp(viewer)) this.lookAfter(viewer);
    viewer.socket.uncork();
  }

  /** The id after which a newcomer gets messages, and what it has to be told about it. */
  private startingPoint(
    room: HubRoom,
    request: WatchRequest,
    req: IncomingMessage,
  ): { cursor: number; notice: string } {
    const cursor = lastEventId(req) ?? request.lastEventId;
    if (cursor === undefined) {
      const recent = request.recent ?? 0;
      return { cursor: recent === 0 ? room.lastId : room.cursorBefore(recent), notice: "" };
    }
    const ours = Number.isInteger(cursor) && idTimeMs(cursor) <= Date.now() + CLOCK_SKEW_MS;
    if (ours && room.reaches(cursor)) {
      this.counts.resumed++;
      return { cursor, notice: "" };
    }
    this.counts.reset++;
    const reason = ours ? "too far behind" : "unknown cursor";
    return { cursor: room.lastId, notice: noticeEvent("reset", { reason }) };
  }

  private readonly gone = (): void => {
    this.viewers--;
  };

  /** Says why, and closes once that is written or the time for it is over. */
  private close(viewer: Viewer, reason: CloseReason): void {
    if (viewer.index === -1) return;
    const word = bye(reason);
    this.closed[word.code] = (this.closed[word.code] ?? 0) + 1;
    // Spread over several seconds, so that those who were closed together do not return together.
    const retry = retryField(RETRY_MS * (1 + 4 * Math.random()));
    viewer.room.write(viewer, Buffer.from(retry + noticeEvent("bye", word)));
    this.leave(viewer);
  }

  private leave(viewer: Viewer): void {
    viewer.room.remove(viewer);
    this.behind.delete(viewer);
    viewer.socket.end();
    this.closing.set(viewer, Date.now() + GRACE_MS);
    this.careSoon();
  }

  private lookAfter(viewer: Viewer): void {
    this.behind.add(viewer);
    this.careSoon();
  }

  private careSoon(): void {
    this.caring ??= setInterval(() => this.care(), CARE_MS);
  }

  private careNoMore(): void {
    clearInterval(this.caring);
    this.caring = undefined;
  }

  /** The show is over and `end` is written to all who keep up; the others are still looked after. */
  private finish(room: HubRoom): void {
    for (const viewer of [...room.all()]) if (viewer.seq !== BEHIND) this.leave(viewer);
  }

  private care(): void {
    const now = Date.now();
    for (const viewer of this.behind) {
      if (viewer.index === -1) this.behind.delete(viewer);
      else if (!isBlocked(viewer)) {
        viewer.blockedSinceMs = 0;
        if (!viewer.room.catchUp(viewer)) continue;
        this.behind.delete(viewer);
        if (viewer.room.ended) this.leave(viewer);
      } else if (viewer.blockedSinceMs === 0) viewer.blockedSinceMs = now;
      else if (now - viewer.blockedSinceMs >= this.config.slow_close_ms) this.close(viewer, "SLOW");
    }
    for (const [viewer, untilMs] of this.closing) {
      if (viewer.socket.destroyed) this.closing.delete(viewer);
      else if (now >= untilMs) viewer.socket.destroy();
    }
    if (this.behind.size + this.closing.size === 0) this.careNoMore();
  }

  private heartbeat(): void {
    const now = Date.now();
    const quietSince = now - HEARTBEAT_MS;
    // Also when the clock has stepped back behind the last write.
    for (const room of this.subscriptions.rooms())
      if (room.lastWriteMs <= quietSince || room.lastWriteMs > now) room.notify(HEARTBEAT);
  }
}
