import { Socket } from "node:net";
import { fileOf, NO_FILE, writeDirectly } from "./direct-write.ts";

/** The room that a stream belongs to, as far as a single stream is concerned. */
export interface ViewerRoom {
  readonly ended: boolean;
  remove(viewer: Viewer): void;
  /** Writes what the viewer has missed; true when it is up to date. */
  catchUp(viewer: Viewer): boolean;
  /** Writes something meant for this viewer alone. */
  write(viewer: Viewer, text: Buffer): void;
}

/** The viewers that somebody is written to with. */
export interface ViewerSection {
  readonly viewers: readonly Viewer[];
  remove(viewer: Viewer): void;
}

/** One open stream. Kept small: there are as many as there are people watching. */
export interface Viewer {
  readonly socket: Socket;
  /** The socket's file while it is open; NO_FILE when it is written to by its stream only. */
  fd: number;
  /** Its stream was written to, and may still hold some of that back. */
  streamed: boolean;
  readonly room: ViewerRoom;
  /** Accepts the shared compressed frames. */
  readonly gzip: boolean;
  /** Its compressed stream has had all shared blocks since one that stands alone. */
  inStep: boolean;
  /** 0 for a guest. */
  readonly userId: number;
  /** Number of the last frame written; BEHIND while it has to be caught up from the ring. */
  seq: number;
  /** Id of the last message written: the viewer's cursor. */
  lastId: number;
  /** The part of the room that it is written to with; null once it has left. */
  section: ViewerSection | null;
  /** Place in that section; -1 once it has left. */
  index: number;
  /** Unix ms since when the socket takes nothing; 0 = it takes all. */
  blockedSinceMs: number;
}

/** No frame has this number. */
export const BEHIND = -1;

const VIEWER = Symbol("viewer");

interface ViewerSocket extends Socket {
  [VIEWER]?: Viewer;
}

/** Shared listeners find the viewer by its socket: no closure per connection. */
export function bindViewer(viewer: Viewer): void {
  const socket: ViewerSocket = viewer.socket;
  socket[VIEWER] = viewer;
  viewer.fd = fileOf(socket);
  if (viewer.fd !== NO_FILE) socket._destroy = destroy;
  socket.on("error", ignore);
  socket.on("end", hangUp);
  socket.on("close", leave);
  // Whatever the client still sends is read and dropped, so that its hanging up is noticed.
  socket.resume();
}

/** Writes by the stream, which takes everything. */
export function writeByStream(viewer: Viewer, bytes: Buffer): void {
  viewer.streamed = true;
  viewer.socket.write(bytes);
}

/** Writes to somebody who is not blocked. What the connection does not take waits in its stream. */
export function write(viewer: Viewer, bytes: Buffer): void {
  const taken = viewer.fd === NO_FILE ? 0 : writeDirectly(viewer.fd, bytes);
  if (taken < bytes.length) writeByStream(viewer, taken === 0 ? bytes : bytes.subarray(taken));
}

/** Whether something waits to be taken. Only a stream that was written to is asked. */
export function isBlocked(viewer: Viewer): boolean {
  if (viewer.streamed) viewer.streamed = viewer.socket.writableLength > 0;
  return viewer.streamed;
}

/**
 * Node calls this before it closes the connection, whoever asked for that: right after it, the file's
 * number may be another connection's.
 */
function destroy(
  this: ViewerSocket,
  error: Error | null,
  callback: (error?: Error | null) => void,
): void {
  const viewer = this[VIEWER];
  if (viewer !== undefined) viewer.fd = NO_FILE;
  Socket.prototype._destroy.call(this, error, callback);
}

function ignore(): void {}

function hangUp(this: Socket): void {
  this.destroy();
}

function leave(this: ViewerSocket): void {
  const viewer = this[VIEWER];
  viewer?.room.remove(viewer);
}
