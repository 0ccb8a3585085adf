import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type ServerOptions } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { takeSocket } from "../../services/api/hub/take-socket.ts";
import { cleanUp } from "../support/cleanup.ts";
import { connectTo, getRequest } from "../support/raw-client.ts";
import { waitFor } from "../support/wait-for.ts";

interface Taken {
  socket: Socket & { parser?: unknown };
  received(): string;
}

/** A server that takes over every request for /stream, and answers all others. */
async function startServer(
  t: TestContext,
  options: ServerOptions & { before?: () => Promise<unknown>; slow?: Promise<unknown> } = {},
) {
  const { before, slow, ...serverOptions } = options;
  const taken: Taken[] = [];
  const errors: unknown[] = [];
  const take: RequestListener = async (req, res) => {
    try {
      if (before !== undefined) await before();
      if (req.socket.destroyed) return;
      const socket = takeSocket(req, res);
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk;
      });
      socket.on("error", () => {});
      socket.on("end", () => socket.end());
      taken.push({ socket, received: () => received });
      socket.write("taken\n");
    } catch (error) {
      errors.push(error);
      res.writeHead(400).end("refused");
    }
  };
  const server = createServer(serverOptions, async (req, res) => {
    if (req.url === "/stream") return take(req, res);
    if (req.url === "/slow") await slow;
    res.end(`answer to ${req.url}`);
  });
  cleanUp(t, () => server.close());
  cleanUp(t, () => {
    for (const { socket } of taken) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, taken, errors, port: (server.address() as AddressInfo).port };
}

/** A stream that is taken over, and its client. */
async function openStream(t: TestContext, options?: Parameters<typeof startServer>[1]) {
  const started = await startServer(t, options);
  const client = await connectTo(t, started.port);
  client.send(getRequest("/stream"));
  await client.until("taken\n");
  const [{ socket, received }] = started.taken as [Taken];
  return { ...started, client, socket, received };
}

const soon = { before: () => turn() };

for (const [when, options] of [
  ["in the request's own turn", {}],
  ["some time after the request", soon],
] as const)
  describe(`a connection taken ${when}`, () => {
    test("carries bytes both ways, and nothing but them", async (t) => {
      const { client, socket, received } = await openStream(t, options);
      client.send("GET / HTTP/1.1\r\n\r\nnot for the parser");
      socket.write("to the client");
      await client.until("to the client");
      await waitFor(() => received().endsWith("not for the parser"));
      assert.equal(client.text(), "taken\nto the client");
    });

    test("has no parser any more", async (t) => {
      const { socket } = await openStream(t, options);
      assert.ok(!socket.parser);
    });

    test("notices that the client has gone", async (t) => {
      const { client, socket } = await openStream(t, options);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      client.socket.resetAndDestroy();
      await closed;
    });

    test("notices that the client has hung up", async (t) => {
      const { client, socket } = await openStream(t, options);
      const ended = once(socket, "end");
      client.socket.end();
      await ended;
    });

    test("can be closed from this side, after all that was written", async (t) => {
      const { client, socket } = await openStream(t, options);
      socket.end("x".repeat(500_000));
      client.socket.end();
      await client.closed;
      assert.equal(client.text().length, "taken\n".length + 500_000);
    });

    test("may have carried ordinary requests before", async (t) => {
      const { port, taken } = await startServer(t, options);
      const client = await connectTo(t, port);
      for (const path of ["/a", "/b"]) {
        client.send(getRequest(path));
        await client.until(`answer to ${path}`);
      }
      client.send(getRequest("/stream"));
      await client.until("taken\n");
      taken[0]?.socket.write("to the client");
      await client.until("to the client");
    });

    test("survives another request behind the first one", async (t) => {
      const { port, taken } = await startServer(t, options);
      const client = await connectTo(t, port);
      client.send(getRequest("/stream") + getRequest("/a"));
      await client.until("taken\n");
      taken[0]?.socket.write("to the client");
      await client.until("to the client");
      assert.equal(client.text(), "taken\nto the client");
    });

    test("costs the server nothing when garbage follows the request", async (t) => {
      const { port } = await startServer(t, options);
      const client = await connectTo(t, port);
      client.send(`${getRequest("/stream")}\u0000\u0001 garbage \r\n\r\n`);
      await client.until(/taken|400/);
      const other = await connectTo(t, port);
      other.send(getRequest("/a"));
      await other.until("answer to /a");
    });

    test("is no business of the server's timeouts", async (t) => {
      const short = { requestTimeout: 60, headersTimeout: 50, keepAliveTimeout: 20 };
      const { client, socket, port } = await openStream(t, {
        ...options,
        ...short,
        connectionsCheckingInterval: 10,
      });
      // A connection that says nothing whole shows when the server has looked.
      const idle = await connectTo(t, port);
      idle.send("GET /a HTTP/1.1\r\n");
      await idle.closed;
      socket.write("still here");
      await client.until("still here");
    });

    test("is one that the server waits for when it closes, and no longer than it lasts", async (t) => {
      const { client, server } = await openStream(t, options);
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      client.socket.destroy();
      await closed;
    });
  });

test("a request that waits behind another's answer cannot be taken, and is told so", async (t) => {
  const slow = Promise.withResolvers<void>();
  const { port, errors } = await startServer(t, { slow: slow.promise });
  const client = await connectTo(t, port);
  client.send(getRequest("/slow") + getRequest("/stream"));
  await waitFor(() => errors.length === 1);
  assert.equal((errors[0] as { type?: string }).type, "BAD_REQUEST");
  slow.resolve();
  await client.until("refused");
  assert.match(client.text(), /answer to \/slow.*HTTP\/1.1 400/s);
});

test("many connections in a row leave nothing of theirs to the next", async (t) => {
  const { port, taken } = await startServer(t);
  for (let i = 0; i < 50; i++) {
    const client = await connectTo(t, port);
    client.send(getRequest(i % 3 === 0 ? "/a" : "/stream"));
    await client.until(i % 3 === 0 ? "answer to /a" : "taken\n");
    taken.at(-1)?.socket.destroy();
    client.socket.destroy();
  }
});
