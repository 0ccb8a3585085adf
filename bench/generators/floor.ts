/**
 * The floor: a server that does nothing but `socket.write` of one buffer to every connection, at a
 * given pace. Whatever a real server does comes on top of this.
 */
import { createServer, type Socket } from "node:net";
import { serveRequests } from "../lib/child.ts";

const sockets: Socket[] = [];
const server = createServer({ noDelay: true }, (socket) => {
  sockets.push(socket);
  socket.on("error", () => {});
  socket.resume();
  socket.write("open");
});

function listen(): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

/** Writes `writes` buffers of `bytes` to every socket, evenly over `seconds`. */
function run({ writes, bytes, seconds }: { writes: number; bytes: number; seconds: number }) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const buffer = Buffer.alloc(bytes, "x");
  const start = performance.now();
  let done = 0;
  const tick = () => {
    if (done === writes) return resolve();
    for (const socket of sockets) socket.write(buffer);
    done++;
    setTimeout(tick, Math.max(0, start + (done * seconds * 1000) / writes - performance.now()));
  };
  tick();
  return promise;
}

function count(): number {
  return sockets.length;
}

serveRequests({ listen, run, count });
