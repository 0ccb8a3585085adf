import type { PushBatch } from "../../../contracts/events.ts";
import { noticeEvent } from "../../../lib/sse.ts";
import { Frame } from "./frame.ts";
import { storedBlock } from "./gzip.ts";
import { Ring } from "./ring.ts";
import { type Pass, SECTION_VIEWERS, Section, type SectionCare } from "./section.ts";
import {
  BEHIND,
  isBlocked,
  type Viewer,
  type ViewerRoom,
  type ViewerSection,
  writeByStream,
} from "./viewer.ts";

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

/**
 * One room on this gateway. A batch becomes one frame, encoded once; its viewers are in sections, which
 * take turns at being written what has come since their last turn, as one buffer. So a gateway that
 * falls behind makes larger writes and not more of them.
 *
 * A viewer whose socket has not taken the last write is skipped; it is caught up from the ring when
 * it has. It holds at most one buffer, mostly one that it shares with others.
 */
export class HubRoom implements ViewerRoom {
  readonly liveId: number;
  private readonly events: RoomEvents;
  private readonly sections: Section[] = [];
  /** Whose turn was last. */
  private turn = -1;
  /** Whose turn is not over. */
  private current: Section | null = null;
  private readonly care: SectionCare;
  private viewers = 0;
  /** Signed-in viewers by user, for what only the sender sees. */
  private readonly users = new Map<number, Set<Viewer>>();
  private ring: Ring;
  private seq = 0;
  /** Frames that some section has not been written, ascending. */
  private pending: Frame[] = [];
  /** What the last turn wrote: mostly the next one writes the same. */
  private lastPass: Pass | null = null;
  private writing = false;
  private over = false;
  /** When everyone was last written to, Unix ms. */
  lastWriteMs = 0;

  constructor(liveId: number, prev: number, events: RoomEvents) {
    this.liveId = liveId;
    this.ring = new Ring(prev);
    this.events = events;
    this.care = { catchUp: (viewer) => this.catchUp(viewer), behind: events.behind };
  }

  get size(): number {
    return this.viewers;
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
    this.viewers++;
    this.roomySection().add(viewer);
    if (viewer.userId !== 0) {
      const streams = this.users.get(viewer.userId);
      if (streams === undefined) this.users.set(viewer.userId, new Set([viewer]));
      else streams.add(viewer);
    }
  }

  remove(viewer: Viewer): void {
    const { section } = viewer;
    if (section === null) return;
    this.viewers--;
    section.remove(viewer);
    if (section.viewers.length === 0) this.drop(section);
    const streams = this.users.get(viewer.userId);
    if (streams?.delete(viewer) && streams.size === 0) this.users.delete(viewer.userId);
  }

  *all(): Generator<Viewer> {
    for (const { viewers } of this.sections) yield* viewers;
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
      else writeByStream(viewer, viewer.gzip ? frame.gzip : frame.plain);
      bytes += frame.plain.length;
      viewer.lastId = frame.lastId;
    }
  }

  /** Writes something meant for this viewer alone. */
  write(viewer: Viewer, text: Buffer): void {
    viewer.inStep = false;
    writeByStream(viewer, viewer.gzip ? storedBlock(text) : text);
  }

  private roomySection(): Section {
    const roomy = this.sections.find(({ viewers }) => viewers.length < SECTION_VIEWERS);
    if (roomy !== undefined) return roomy;
    const section = new Section(this.seq, this.care);
    this.sections.push(section);
    return section;
  }

  private drop(section: ViewerSection): void {
    this.sections.splice(this.sections.indexOf(section as Section), 1);
  }

  private push(frame: Frame): void {
    if (frame.ids.length > 0) this.ring.add(frame);
    this.pending.push(frame);
    if (!this.writing) this.takeTurn();
  }

  /** Writes to some of the section whose turn it is; the others come in the next turns of the loop. */
  private takeTurn(): void {
    this.current ??= this.beginSection();
    if (this.current?.writeSlice() === true) this.current = null;
    const told = Math.min(this.seq, ...this.sections.map(({ seq }) => seq));
    while ((this.pending[0]?.seq ?? Number.POSITIVE_INFINITY) <= told) this.pending.shift();
    this.writing = told < this.seq;
    if (this.writing) setImmediate(() => this.takeTurn());
    else this.rest();
  }

  private beginSection(): Section | null {
    const section = this.nextSection();
    if (section !== null) {
      this.lastWriteMs = Date.now();
      section.begin(this.passAfter(section.seq), this.lastWriteMs);
    }
    return section;
  }

  /** The next section, in turn, that has not been written everything. */
  private nextSection(): Section | null {
    for (let tried = 0; tried < this.sections.length; tried++) {
      this.turn = (this.turn + 1) % this.sections.length;
      const section = this.sections[this.turn] as Section;
      if (section.seq < this.seq) return section;
    }
    return null;
  }

  private passAfter(seq: number): Pass {
    if (this.lastPass?.from === seq && this.lastPass.to === this.seq) return this.lastPass;
    const frames = this.pending.filter((frame) => frame.seq > seq);
    const withIds = frames.filter(({ ids }) => ids.length > 0);
    this.lastPass = {
      from: seq,
      to: this.seq,
      firstId: withIds[0]?.ids[0] ?? Number.POSITIVE_INFINITY,
      lastId: withIds.at(-1)?.lastId ?? 0,
      plain: join(frames.map(({ plain }) => plain)),
      alone: null,
    };
    return this.lastPass;
  }

  /** Everybody was written everything. */
  private rest(): void {
    this.lastPass = null;
    if (this.over) this.events.finished(this);
  }

  private tellUser(userId: number, text: string): void {
    const streams = this.users.get(userId);
    if (streams === undefined) return;
    const bytes = Buffer.from(text);
    // A stream that backs up loses its own echo; its queue must stay bounded.
    for (const viewer of streams) if (!isBlocked(viewer)) this.write(viewer, bytes);
  }
}

function join(buffers: Buffer[]): Buffer {
  return buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
}
