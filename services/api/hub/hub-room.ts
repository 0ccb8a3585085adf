import type { PushBatch } from "../../../contracts/events.ts";
import { noticeEvent } from "../../../lib/sse.ts";
import { Frame } from "./frame.ts";
import { compressBlock, type SharedBlock, SharedDeflate, storedBlock } from "./gzip.ts";
import { Ring } from "./ring.ts";
import { BEHIND, type Viewer, type ViewerRoom } from "./viewer.ts";

/** Viewers written to before other work gets its turn. */
const SLICE = 1000;
/** Bytes that one viewer is sent at once while it catches up. */
const CATCH_UP_BYTES = 256 * 1024;

/** Told to a viewer whose cursor the ring does not reach back to. */
const RESET = Buffer.from(noticeEvent("reset", { reason: "too far behind" }));

/** The last event of a show. */
const END = noticeEvent("end", {});

/** What a room tells its hub. */
export interface RoomEvents {
  /** A viewer fell behind, and has to be looked after until it has caught up. */
  behind(viewer: Viewer): void;
  /** A viewer was told to start over. */
  reset(): void;
  /** The show is over and everyone was told. */
  finished(room: HubRoom): void;
}

/** All frames of one pass, as the bytes that every viewer is sent. */
interface Pass {
  /** The number that a viewer must have reached to be sent these bytes. */
  from: number;
  to: number;
  firstId: number;
  lastId: number;
  plain: Buffer;
  /** For viewers who take gzip; null when there is none. */
  shared: SharedBlock | null;
  /** The same text in a block that stands alone; made when somebody needs it. */
  alone: Buffer | null;
}

/**
 * One room on this gateway. A batch becomes one frame, encoded and compressed once; a pass writes
 * the frames that wait, as one buffer, to every viewer. While a pass is under way frames gather for
 * the next, so a gateway that falls behind makes larger writes and not more of them.
 *
 * A viewer whose socket has not taken the last write is skipped; it is caught up from the ring when
 * it has. It holds at most one buffer, mostly one that it shares with others.
 */
export class HubRoom implements ViewerRoom {
  readonly liveId: number;
  private readonly events: RoomEvents;
  private viewers: (Viewer | null)[] = [];
  private holes = 0;
  private gzipViewers = 0;
  /** Signed-in viewers by user, for what only the sender sees. */
  private readonly users = new Map<number, Set<Viewer>>();
  private ring: Ring;
  private seq = 0;
  private pending: Frame[] = [];
  private passing = false;
  private readonly deflate = new SharedDeflate();
  /** Somebody who takes gzip is not in step. */
  private rejoin = false;
  private over = false;
  /** When everyone was last written to, Unix ms. */
  lastWriteMs = 0;

  constructor(liveId: number, prev: number, events: RoomEvents) {
    this.liveId = liveId;
    this.ring = new Ring(prev);
    this.events = events;
  }

  get size(): number {
    return this.viewers.length - this.holes;
  }

  /** Id of the last message known here. */
  get lastId(): number {
    return this.ring.lastId;
  }

  get ended(): boolean {
    return this.over;
  }

  /**
   * Takes a batch that follows the last one; see inbox.ts for those that do not. After the end of the
   * show nothing is told any more: `end` is the last event.
   */
  deliver(batch: PushBatch): void {
    if (this.over) return;
    if (batch.text !== "") this.push(new Frame(++this.seq, batch.ids, batch.text));
    if (batch.own !== undefined)
      for (const { user_id, text } of batch.own) this.tellUser(user_id, text);
  }

  /** Sends a notice to everyone, in order with the messages. */
  notify(text: string): void {
    if (this.over) return;
    this.push(new Frame(++this.seq, [], text));
  }

  /** Messages were lost for good: everyone starts over after `prev`. */
  restart(prev: number): void {
    if (this.over) return;
    this.ring = new Ring(prev);
    for (const _viewer of this.all()) this.events.reset();
    this.notify(RESET.toString());
  }

  /** Says the last word and lets everyone go once it is written. */
  end(): void {
    if (this.over) return;
    this.over = true;
    this.push(new Frame(++this.seq, [], END));
  }

  add(viewer: Viewer): void {
    viewer.index = this.viewers.length;
    this.viewers.push(viewer);
    if (viewer.gzip) this.gzipViewers++;
    if (viewer.userId !== 0) {
      const streams = this.users.get(viewer.userId);
      if (streams === undefined) this.users.set(viewer.userId, new Set([viewer]));
      else streams.add(viewer);
    }
  }

  remove(viewer: Viewer): void {
    if (viewer.index === -1) return;
    if (this.passing) {
      // Places must not change now, or somebody would be skipped: leave a hole.
      this.viewers[viewer.index] = null;
      this.holes++;
    } else {
      const last = this.viewers.pop() as Viewer;
      this.viewers[viewer.index] = last;
      last.index = viewer.index;
      if (last === viewer) this.viewers.length = viewer.index;
    }
    viewer.index = -1;
    if (viewer.gzip) this.gzipViewers--;
    const streams = this.users.get(viewer.userId);
    if (streams?.delete(viewer) && streams.size === 0) this.users.delete(viewer.userId);
  }

  *all(): Generator<Viewer> {
    for (const viewer of this.viewers) if (viewer !== null) yield viewer;
  }

  /** Where a newcomer starts who wants the last `count` messages. */
  cursorBefore(count: number): number {
    return this.ring.cursorBefore(count);
  }

  /** Whether everything after a cursor is still here. */
  reaches(cursor: number): boolean {
    return this.ring.afterId(cursor) !== null;
  }

  /**
   * Writes what a viewer has missed, at most {@link CATCH_UP_BYTES} at once.
   *
   * @returns true when the viewer is up to date, or was told to start over
   */
  catchUp(viewer: Viewer): boolean {
    if (viewer.seq === this.seq) return true;
    const frames = this.ring.afterId(viewer.lastId);
    viewer.socket.cork();
    if (frames === null) this.reset(viewer);
    else this.replay(viewer, frames);
    const done = viewer.lastId >= this.ring.lastId;
    viewer.seq = done ? this.seq : BEHIND;
    // Of all notices missed this is the one that must be told.
    if (done && this.over) this.write(viewer, Buffer.from(END));
    viewer.socket.uncork();
    return done;
  }

  private reset(viewer: Viewer): void {
    this.write(viewer, RESET);
    this.events.reset();
    viewer.lastId = this.ring.lastId;
  }

  private replay(viewer: Viewer, frames: Frame[]): void {
    let bytes = 0;
    viewer.inStep = false;
    for (const frame of frames) {
      if (bytes >= CATCH_UP_BYTES) break;
      const cut = (frame.ids[0] as number) <= viewer.lastId;
      if (cut) this.write(viewer, frame.after(viewer.lastId));
      else viewer.socket.write(viewer.gzip ? frame.gzip : frame.plain);
      bytes += frame.plain.length;
      viewer.lastId = frame.lastId;
    }
  }

  /** Writes something meant for this viewer alone. */
  write(viewer: Viewer, text: Buffer): void {
    viewer.inStep = false;
    viewer.socket.write(viewer.gzip ? storedBlock(text) : text);
  }

  private push(frame: Frame): void {
    if (frame.ids.length > 0) this.ring.add(frame);
    this.pending.push(frame);
    if (!this.passing) this.startPass();
  }

  private startPass(): void {
    const frames = this.pending;
    this.pending = [];
    this.passing = true;
    this.lastWriteMs = Date.now();
    const withIds = frames.filter((frame) => frame.ids.length > 0);
    const plain = join(frames.map((frame) => frame.plain));
    const pass: Pass = {
      from: (frames[0] as Frame).seq - 1,
      to: (frames.at(-1) as Frame).seq,
      firstId: withIds[0]?.ids[0] ?? Number.POSITIVE_INFINITY,
      lastId: withIds.at(-1)?.lastId ?? 0,
      plain,
      shared: this.compress(plain),
      alone: null,
    };
    this.continuePass(pass, 0);
  }

  private compress(plain: Buffer): SharedBlock | null {
    if (this.gzipViewers === 0) {
      this.deflate.interrupt();
      return null;
    }
    const block = this.deflate.next(plain, this.rejoin, this.lastWriteMs);
    if (block.alone) this.rejoin = false;
    return block;
  }

  private continuePass(pass: Pass, start: number): void {
    const end = Math.min(start + SLICE, this.viewers.length);
    for (let i = start; i < end; i++) {
      const viewer = this.viewers[i];
      if (viewer != null) this.writePass(pass, viewer);
    }
    if (end < this.viewers.length) setImmediate(() => this.continuePass(pass, end));
    else this.endPass();
  }

  private writePass(pass: Pass, viewer: Viewer): void {
    if (viewer.seq >= pass.to) return;
    if (viewer.socket.writableLength > 0) {
      this.fallBehind(viewer);
      return;
    }
    if (viewer.seq !== pass.from || viewer.lastId >= pass.firstId) {
      // It is behind, joined in the middle of a pass, or its cursor is ahead of this gateway.
      if (!this.catchUp(viewer)) this.fallBehind(viewer);
      return;
    }
    viewer.socket.write(viewer.gzip ? this.blockFor(viewer, pass) : pass.plain);
    viewer.seq = pass.to;
    if (pass.lastId > viewer.lastId) viewer.lastId = pass.lastId;
  }

  private blockFor(viewer: Viewer, pass: Pass): Buffer {
    const { shared } = pass;
    if (shared !== null && (shared.alone || viewer.inStep)) {
      viewer.inStep = true;
      return shared.bytes;
    }
    this.rejoin = true;
    pass.alone ??= compressBlock(pass.plain);
    return pass.alone;
  }

  private fallBehind(viewer: Viewer): void {
    viewer.seq = BEHIND;
    this.events.behind(viewer);
  }

  private endPass(): void {
    this.passing = false;
    this.compact();
    if (this.pending.length > 0) setImmediate(() => this.resumePasses());
    else if (this.over) this.events.finished(this);
  }

  private resumePasses(): void {
    // A frame that came meanwhile has begun a pass, which may even have ended.
    if (!this.passing && this.pending.length > 0) this.startPass();
  }

  private compact(): void {
    if (this.holes === 0) return;
    this.viewers = this.viewers.filter((viewer) => viewer !== null);
    for (let i = 0; i < this.viewers.length; i++) (this.viewers[i] as Viewer).index = i;
    this.holes = 0;
  }

  private tellUser(userId: number, text: string): void {
    const streams = this.users.get(userId);
    if (streams === undefined) return;
    const bytes = Buffer.from(text);
    // A stream that backs up loses its own echo; its queue must stay bounded.
    for (const viewer of streams) if (viewer.socket.writableLength === 0) this.write(viewer, bytes);
  }
}

function join(buffers: Buffer[]): Buffer {
  return buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
}
