import { compressBlock, type SharedBlock, SharedDeflate } from "./gzip.ts";
import { BEHIND, isBlocked, type Viewer, type ViewerSection, write } from "./viewer.ts";

/** Viewers who are written the same bytes: 5 ms at 10 µs for a write. */
export const SECTION_VIEWERS = 500;

/** Viewers written to in one go: whoever sends something meanwhile waits for a millisecond or so. */
const SLICE_VIEWERS = 125;

/** Some frames of a room, as the bytes that viewers are sent. */
export interface Pass {
  /** The number that a viewer must have reached to be sent these bytes. */
  from: number;
  to: number;
  firstId: number;
  lastId: number;
  plain: Buffer;
  /** The same text in a block that stands alone; made when somebody needs it. */
  alone: Buffer | null;
}

/** What becomes of viewers who cannot be sent what their section is. */
export interface SectionCare {
  /** Writes what a viewer has missed; true when it is up to date. */
  catchUp(viewer: Viewer): boolean;
  /** A viewer fell behind. */
  behind(viewer: Viewer): void;
}

/**
 * A part of a room's viewers, who are written to together. Sections of a large room take turns, and
 * each turn brings what was said since the section's last one: so a message waits for one round of
 * writes at most, not for the rest of a round and then for its own place in the next.
 *
 * Viewers stay in their section, since a compressed block may refer to what this section was sent.
 */
export class Section implements ViewerSection {
  readonly viewers: Viewer[] = [];
  /** Number of the last frame written. */
  seq: number;
  private gzipViewers = 0;
  private readonly deflate = new SharedDeflate();
  /** Somebody who takes gzip is not in step. */
  private rejoin = false;
  private readonly care: SectionCare;
  /** What is being written, and how many are still to be written it. */
  private writing: { pass: Pass; shared: SharedBlock | null; left: number } | null = null;

  constructor(seq: number, care: SectionCare) {
    this.seq = seq;
    this.care = care;
  }

  add(viewer: Viewer): void {
    viewer.section = this;
    viewer.index = this.viewers.length;
    this.viewers.push(viewer);
    if (viewer.gzip) this.gzipViewers++;
  }

  remove(viewer: Viewer): void {
    const last = this.viewers.pop() as Viewer;
    if (last !== viewer) {
      this.viewers[viewer.index] = last;
      last.index = viewer.index;
    }
    viewer.section = null;
    viewer.index = -1;
    if (viewer.gzip) this.gzipViewers--;
  }

  /** Begins to write something to everyone; {@link writeSlice} does it. */
  begin(pass: Pass, nowMs: number): void {
    const shared = this.compress(pass.plain, nowMs);
    this.writing = { pass, shared, left: this.viewers.length };
  }

  /**
   * Writes to some. From the last viewer to the first: who comes meanwhile has had it already, and of
   * those who move into the place of one who leaves, nobody is left out.
   *
   * @returns true when everyone was written to, which `seq` says from then on
   */
  writeSlice(): boolean {
    if (this.writing === null) return true;
    const { pass, shared } = this.writing;
    const end = Math.min(this.writing.left, this.viewers.length);
    const start = Math.max(0, end - SLICE_VIEWERS);
    for (let index = end - 1; index >= start; index--)
      this.writeTo(this.viewers[index] as Viewer, pass, shared);
    this.writing.left = start;
    if (start > 0) return false;
    this.seq = pass.to;
    this.writing = null;
    return true;
  }

  private compress(plain: Buffer, nowMs: number): SharedBlock | null {
    if (this.gzipViewers === 0) {
      this.deflate.interrupt();
      return null;
    }
    const block = this.deflate.next(plain, this.rejoin, nowMs);
    if (block.alone) this.rejoin = false;
    return block;
  }

  private writeTo(viewer: Viewer, pass: Pass, shared: SharedBlock | null): void {
    if (viewer.seq >= pass.to) return;
    if (isBlocked(viewer)) {
      this.fallBehind(viewer);
      return;
    }
    if (viewer.seq !== pass.from || viewer.lastId >= pass.firstId) {
      // It is behind, joined since the last pass, or its cursor is ahead of this gateway.
      if (!this.care.catchUp(viewer)) this.fallBehind(viewer);
      return;
    }
    write(viewer, viewer.gzip ? this.blockFor(viewer, pass, shared) : pass.plain);
    viewer.seq = pass.to;
    if (pass.lastId > viewer.lastId) viewer.lastId = pass.lastId;
  }

  private blockFor(viewer: Viewer, pass: Pass, shared: SharedBlock | null): Buffer {
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
    this.care.behind(viewer);
  }
}
