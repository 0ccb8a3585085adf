import type { IncomingMessage } from "node:http";
import { finished } from "node:stream";

/** Less may be memory that a parser goes on using: busboy keeps up to 255 bytes back, see its sbmh.js. */
const WORTH_FREEING = 512;

/**
 * Frees a chunk that a stream gave and nobody needs any more; it is empty then. Node makes a new buffer
 * for each read from a socket, and V8 lets some 64 MB of them gather before it collects them.
 */
export function freeChunk({ buffer, length }: Buffer): void {
  // Only who has the whole of it has it alone.
  if (length === buffer.byteLength && length >= WORTH_FREEING) (buffer as ArrayBuffer).transfer(0);
}

/**
 * Frees what is read from the socket of a response to a request of ours, each time node's HTTP parser
 * is through with it: the body's chunks are copies. (A server's sockets are read without this cost.)
 */
export function freeReads(response: IncomingMessage): void {
  const { socket } = response;
  // Node's own listener came first, and has passed the chunk to the parser.
  socket.on("data", freeChunk);
  finished(response, () => socket.off("data", freeChunk));
}
