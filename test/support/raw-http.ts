import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: string;
}

/** A plain connection to a server, for requests that no HTTP client would send. */
export interface RawConnection {
  socket: Socket;
  write(data: string | Uint8Array): Promise<void>;
  /** The next answer that has a Content-Length. */
  answer(): Promise<RawAnswer>;
  /** Resolves when the server has closed the connection; rejects when it reset it. */
  closed(): Promise<void>;
}

export async function rawConnection(t: CleanupScope, port: number): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  cleanUp(t, () => socket.destroy());
  let received = "";
  let failure: Error | null = null;
  let ended = false;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
  });
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("end", () => {
    ended = true;
  });
  await once(socket, "connect");
  return {
    socket,
    async write(data) {
      if (!socket.write(data)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
    },
    async answer() {
      const { answer, length } = await waitFor(() => parse(received), {
        message: `an answer (so far: ${JSON.stringify(received.slice(0, 300))})`,
      });
      received = received.slice(length);
      return answer;
    },
    async closed() {
      await waitFor(() => ended || failure, { message: "the server to close" });
      if (failure !== null) throw failure;
    },
  };
}

function parse(received: string): { answer: RawAnswer; length: number } | null {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [first = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = end + 4 + Number(headers.get("content-length") ?? 0);
  if (received.length < length) return null;
  const body = Buffer.from(received.slice(end + 4, length), "latin1").toString("utf8");
  return { answer: { status: Number(first.split(" ")[1]), headers, body }, length };
}
