import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { Front } from "../../scripts/cluster/front.ts";
import { cleanUp } from "../support/cleanup.ts";
import { waitFor } from "../support/wait-for.ts";

interface Backend {
  port: number;
  server: Server;
  /** Of this side, in the order they came. */
  sockets: Socket[];
}

async function backend(t: TestContext, serve: (socket: Socket) => void): Promise<Backend> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  cleanUp(t, () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port, server, sockets };
}

async function front(t: TestContext, backends: readonly Backend[]): Promise<number> {
  const front = new Front(backends.map(({ port }) => port));
  cleanUp(t, () => front.close());
  return front.listen(0, "127.0.0.1");
}

function client(t: TestContext, port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  cleanUp(t, () => socket.destroy());
  return socket;
}

const named = (name: string) => (socket: Socket) => socket.end(name);

test("connections go to the backends in turn", async (t) => {
  const port = await front(t, [await backend(t, named("a")), await backend(t, named("b"))]);
  const seen: string[] = [];
  for (let n = 0; n < 6; n++) seen.push(await text(client(t, port)));
  assert.deepEqual(seen, ["a", "b", "a", "b", "a", "b"]);
});

test("a backend that is away is passed over, and used again when it is back", async (t) => {
  const away = await backend(t, named("a"));
  const port = await front(t, [away, await backend(t, named("b"))]);
  away.server.close();
  await once(away.server, "close");
  for (let n = 0; n < 4; n++) assert.equal(await text(client(t, port)), "b");

  away.server.listen(away.port, "127.0.0.1");
  await once(away.server, "listening");
  await waitFor(async () => (await text(client(t, port))) === "a");
});

test("a client hangs up without an answer when no backend is there", async (t) => {
  const gone = await backend(t, () => {});
  const port = await front(t, [gone]);
  gone.server.close();
  await once(gone.server, "close");
  assert.equal(await text(client(t, port)), "");
});

test("the end of one direction leaves the other one open", async (t) => {
  const port = await front(t, [
    await backend(t, (socket) => {
      let said = "";
      socket.setEncoding("utf8").on("data", (words) => {
        said += words;
      });
      socket.on("end", () => socket.end(`you said ${said}`));
    }),
  ]);
  const socket = client(t, port);
  socket.end("hello");
  assert.equal(await text(socket), "you said hello");
});

test("bytes arrive as they were sent, also more than fits into any buffer", async (t) => {
  const port = await front(t, [await backend(t, (socket) => socket.pipe(socket))]);
  const sent = Buffer.alloc(8_000_000, "0123456789 danmaku 弹幕 ");
  const socket = client(t, port);
  socket.end(sent);
  assert.ok(sent.equals(await buffer(socket)));
});

test("a client that takes nothing stops its backend, and not this process's memory", async (t) => {
  let taken = 0;
  const chunk = Buffer.alloc(100_000);
  const flood = await backend(t, (socket) => {
    const send = () => {
      while (socket.write(chunk)) taken += chunk.length;
    };
    socket.on("drain", send);
    send();
  });
  const port = await front(t, [flood]);
  const socket = client(t, port);
  socket.pause();
  await waitFor(() => flood.sockets[0]?.writableNeedDrain);
  const before = process.memoryUsage().arrayBuffers;
  let last = -1;
  // What the system's own buffers take comes to an end.
  await waitFor(
    () => {
      const still = taken === last;
      last = taken;
      return still;
    },
    { intervalMs: 200 },
  );
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
});

test("who is cut off, the other side hears of it", async (t) => {
  const other = await backend(t, (socket) => socket.resume());
  const port = await front(t, [other]);
  const first = client(t, port);
  await waitFor(() => other.sockets.length === 1);
  first.resetAndDestroy();
  await waitFor(() => other.sockets[0]?.destroyed);

  const second = client(t, port);
  second.resume();
  await waitFor(() => other.sockets.length === 2);
  other.sockets[1]?.resetAndDestroy();
  await waitFor(() => second.destroyed);
});
