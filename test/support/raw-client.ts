import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

/** A TCP connection that sends what a test wants and remembers what came back. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came so far. */
  bytes(): Buffer;
  text(): string;
  send(data: string | Buffer): void;
  /** Waits until this text has come. */
  until(expected: string | RegExp): Promise<void>;
  /** Settles when the connection is closed, by whichever side. */
  readonly closed: Promise<void>;
}

export async function connectTo(t: CleanupScope, port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  cleanUp(t, () => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A reset is one way of being closed.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  const bytes = () => Buffer.concat(chunks);
  const text = () => bytes().toString();
  return {
    socket,
    bytes,
    text,
    closed,
    send: (data) => void socket.write(data),
    async until(expected) {
      const has =
        typeof expected === "string"
          ? () => text().includes(expected)
          : () => expected.test(text());
      await waitFor(has, {
        timeoutMs: 30_000,
        message: `${expected} in ${JSON.stringify(text().slice(-500))}`,
      });
    },
  };
}

/** The bytes of a GET request. */
export function getRequest(path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: test\r\n${lines.join("")}\r\n`;
}
