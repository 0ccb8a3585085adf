import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A backend that does not take a connection within this time counts as away, in milliseconds. */
const CONNECT_MS = 1_000;
/** One that was away is asked again after this time, in milliseconds. */
const AWAY_MS = 1_000;
/** Connections at a time; each is two sockets. */
const MAX_CONNECTIONS = 8_000;

interface Backend {
  port: number;
  /** On the clock of performance.now(); 0: it is there. */
  awayUntil: number;
}

/**
 * One address before several ports of 127.0.0.1: every connection goes to the next one that takes it.
 * Bytes are passed on as they are, each side's end as well, and no more of them are kept than a socket
 * takes at a time. Backends see this process as their client.
 */
export class Front {
  readonly #backends: readonly Backend[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;

  constructor(ports: readonly number[]) {
    this.#backends = ports.map((port) => ({ port, awayUntil: 0 }));
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on("connection", (client) => void this.#serve(client));
  }

  /** @returns the port, which is another one if it was 0 */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(client: Socket): Promise<void> {
    this.#keep(client);
    for (const backend of this.#inTurn()) {
      const upstream = await this.#reach(backend);
      if (upstream === null) continue;
      if (client.destroyed) upstream.destroy();
      else join(client, upstream);
      return;
    }
    client.destroy();
  }

  /** All of them, beginning with the next; those that are away come last. */
  #inTurn(): Backend[] {
    const first = this.#next++ % this.#backends.length;
    const turn = [...this.#backends.slice(first), ...this.#backends.slice(0, first)];
    const now = performance.now();
    return turn.toSorted((a, b) => Number(a.awayUntil > now) - Number(b.awayUntil > now));
  }

  async #reach(backend: Backend): Promise<Socket | null> {
    const options = { host: "127.0.0.1", port: backend.port, noDelay: true, allowHalfOpen: true };
    const socket = connect(options);
    this.#keep(socket);
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
      backend.awayUntil = 0;
      return socket;
    } catch {
      backend.awayUntil = performance.now() + AWAY_MS;
      socket.destroy();
      return null;
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // What became of it is told by "close".
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** Whatever one side says or how it ends, the other one is told. */
function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.pipe(to);
    // After an end in good order both have ended; otherwise the other one ends as abruptly.
    from.once("close", (failed) => (failed || !from.readableEnded) && to.resetAndDestroy());
  }
}
