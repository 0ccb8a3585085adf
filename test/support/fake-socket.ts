import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { constants, gunzipSync } from "node:zlib";
import { NO_FILE } from "../../services/api/hub/direct-write.ts";
import { GZIP_HEADER } from "../../services/api/hub/gzip.ts";
import type { HubRoom } from "../../services/api/hub/hub-room.ts";
import { BEHIND, type Viewer } from "../../services/api/hub/viewer.ts";

/**
 * A connection as the hub uses it. It takes everything at once, or while `stalled` nothing: then what
 * is written waits and counts as `writableLength`.
 */
export class FakeSocket {
  stalled = false;
  ended = false;
  destroyed = false;
  writableLength = 0;
  /** The most that ever waited, in bytes. */
  peak = 0;
  writes = 0;
  private corks = 0;
  private readonly chunks: Buffer[] = [];

  write(data: Buffer | string): boolean {
    assert.equal(this.ended || this.destroyed, false, "nothing is written after the end");
    const bytes = Buffer.from(data);
    this.chunks.push(bytes);
    this.writes++;
    if (this.stalled || this.corks > 0) this.writableLength += bytes.length;
    this.peak = Math.max(this.peak, this.writableLength);
    return this.writableLength === 0;
  }

  cork(): void {
    this.corks++;
  }

  uncork(): void {
    this.corks--;
    if (this.corks === 0 && !this.stalled) this.writableLength = 0;
  }

  /** The client takes what has waited. */
  resumeReading(): void {
    this.stalled = false;
    this.writableLength = 0;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export interface FakeViewer {
  viewer: Viewer;
  socket: FakeSocket;
  /** All text it was sent, decompressed. */
  text(): string;
  leave(): void;
}

/** Somebody who joins a room as the hub would let them, after a cursor. */
export function joinRoom(
  room: HubRoom,
  cursor: number,
  { gzip = false, userId = 0 }: { gzip?: boolean; userId?: number } = {},
): FakeViewer {
  const socket = new FakeSocket();
  const viewer: Viewer = {
    socket: socket as unknown as Socket,
    fd: NO_FILE,
    streamed: true,
    room,
    gzip,
    inStep: false,
    userId,
    seq: BEHIND,
    lastId: cursor,
    section: null,
    index: -1,
    blockedSinceMs: 0,
  };
  if (gzip) socket.write(GZIP_HEADER);
  room.add(viewer);
  room.catchUp(viewer);
  return {
    viewer,
    socket,
    text() {
      if (!gzip) return socket.bytes.toString();
      return gunzipSync(socket.bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    },
    leave: () => room.remove(viewer),
  };
}
