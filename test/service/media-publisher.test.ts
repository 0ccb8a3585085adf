import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { Publisher } from "../../services/media/rtmp/publisher.ts";
import { cleanUp } from "../support/cleanup.ts";
import { command, greet } from "../support/rtmp.ts";
import { waitFor } from "../support/wait-for.ts";

/** Somewhere to connect to, and what was asked there. */
async function start(t: TestContext) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    new Publisher(socket, {
      wish: (name) => asked.push(`wish ${name}`),
      video: () => asked.push("video"),
      left: () => asked.push("left"),
    });
  }).listen(0, "127.0.0.1");
  cleanUp(t, () => server.close());
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, asked };
}

const connect = command("connect", { app: "live", tcUrl: "rtmp://localhost/live" });

// All of them would be closed after ten seconds anyway, which is longer than these wait.
describe("an RTMP connection that has not asked to publish", () => {
  it("is closed when it wants to watch instead", async (t) => {
    const { port, asked } = await start(t);
    const client = await greet(t, port);
    client.send(connect);
    client.send(command("play", {}, "x".repeat(32)));
    await waitFor(() => client.socket.destroyed);
    assert.deepEqual(asked, []);
  });

  it("is closed when it announces a message that is too long to be one of its", async (t) => {
    const { port } = await start(t);
    const client = await greet(t, port);
    // Nothing of it is sent: the length alone would cost memory.
    client.send(Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0, 0]));
    await waitFor(() => client.socket.destroyed);
  });

  it("is closed when it opens one chunk stream after another", async (t) => {
    const { port } = await start(t);
    const client = await greet(t, port);
    const begins = (id: number) => Buffer.from([id, 0, 0, 0, 0, 0x10, 0, 20, 0, 0, 0, 0]);
    const body = Buffer.alloc(128);
    for (let id = 3; id < 40; id++) client.send(Buffer.concat([begins(id), body]));
    await waitFor(() => client.socket.destroyed);
  });

  it("is closed when it goes on talking", async (t) => {
    const { port } = await start(t);
    const client = await greet(t, port);
    const noise = command("getStreamLength", { a: "b" });
    client.send(Buffer.concat(Array.from({ length: 2_000 }, () => noise)));
    await waitFor(() => client.socket.destroyed);
  });
});
