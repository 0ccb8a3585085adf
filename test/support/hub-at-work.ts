import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, gunzipSync } from "node:zlib";
import type { Params, Result } from "../../contracts/actions.ts";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { Hub, type WatchRequest } from "../../services/api/hub/hub.ts";
import type { RoomSource } from "../../services/api/hub/subscriptions.ts";
import { Tail } from "../../services/push/tail.ts";
import { cleanUp } from "./cleanup.ts";
import { batchOf, LIVE_ID } from "./danmaku.ts";
import { connectTo, getRequest } from "./raw-client.ts";
import { waitFor } from "./wait-for.ts";

export const START_MS = 1_800_000_000_000;
/** Deadline for what takes milliseconds on a machine that has time. */
const PATIENCE_MS = 30_000;
/** How often the hub looks after its viewers and its rooms, at least. */
const LOOK_MS = 250;

/** The owner of one room, as a hub sees it, and the network between the two. */
export class FakeOwner implements RoomSource {
  readonly nodeId = "gw-1";
  readonly watched: Params<"push.watch">[] = [];
  readonly asked: number[] = [];
  epoch = 1;
  viewers = 1;
  tail: Tail;
  /** While set, `watch` fails with this. */
  refusal: Error | null = null;
  /** While set, answers to `watch` are on their way. */
  delay: Promise<unknown> | null = null;
  private readonly hub: () => Hub;

  constructor(hub: () => Hub, lastId: number) {
    this.hub = hub;
    this.tail = new Tail(lastId);
  }

  async watch(params: Params<"push.watch">): Promise<Result<"push.watch">> {
    this.watched.push(params);
    if (this.refusal !== null) throw this.refusal;
    const { epoch, viewers, tail } = this;
    const snapshot = { epoch, prev: tail.prev, batches: tail.all(), viewers };
    if (this.delay !== null) await this.delay;
    return { epoch, last: tail.last, snapshot: params.epoch === epoch ? null : snapshot };
  }

  async since({ after }: Params<"push.since">): Promise<Result<"push.since">> {
    this.asked.push(after);
    return { batches: this.tail.since(after) };
  }

  /** Pushes messages with the next ids; a lost batch reaches the tail only. */
  say(count = 1, { lost = false, ...different }: Options = {}): number[] {
    const { last } = this.tail;
    const batch = batchOf(
      last,
      Array.from({ length: count }, (_, i) => last + 1 + i),
      different,
    );
    this.tail.add(batch);
    if (!lost) this.hub().deliver(batch);
    return batch.ids;
  }

  end(): void {
    this.hub().deliver(batchOf(this.tail.last, [], { ended: true }));
  }
}

type Options = NonNullable<Parameters<typeof batchOf>[2]> & { lost?: boolean };

/**
 * A hub behind a real HTTP server. Its timers and its clock move only when the test lets time pass.
 *
 * `/?…` asks for a stream of the room, with the query as the request's parameters.
 */
export async function startHub(
  t: TestContext,
  { hub: limits = {}, features = {}, lastId = 0 }: HubOptions = {},
) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let now = START_MS;
  t.mock.method(Date, "now", () => now);
  const owner = new FakeOwner(() => hub, lastId);
  const hub = new Hub(owner);
  hub.configure({
    ...defaultConfig,
    hub: { ...defaultConfig.hub, ...limits },
    features: { ...defaultConfig.features, ...features },
  });
  const server = createServer(async (req, res) => {
    const query = new URL(req.url ?? "/", "http://test").searchParams;
    const request: WatchRequest = { liveId: LIVE_ID, userId: Number(query.get("user") ?? 0) };
    if (query.has("last")) request.lastEventId = Number(query.get("last"));
    if (query.has("recent")) request.recent = Number(query.get("recent"));
    res.setHeader("X-Request-Id", "r1");
    try {
      await hub.watch(request, req, res);
    } catch (error) {
      res.writeHead(503).end(`refused: ${(error as { type?: string }).type ?? error}`);
    }
  });
  cleanUp(t, () => {
    server.close();
    server.closeAllConnections();
  });
  cleanUp(t, () => hub.stop());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  hub.start();
  const { port } = server.address() as AddressInfo;

  async function ask(query = "", headers: Record<string, string> = {}) {
    const client = await connectTo(t, port);
    client.send(getRequest(`/?${query}`, headers));
    return client;
  }

  /** Lets time pass in small steps, so that what was started can go on between them. */
  async function pass(ms: number) {
    for (let left = ms; left > 0; left -= LOOK_MS) {
      const step = Math.min(left, LOOK_MS);
      now += step;
      t.mock.timers.tick(step);
      await turn();
    }
  }

  return {
    hub,
    owner,
    pass,
    /** Lets time pass until something has happened. */
    async passUntil(event: Promise<unknown>) {
      let happened = false;
      const noticed = event.finally(() => {
        happened = true;
      });
      await waitFor(
        async () => {
          await pass(LOOK_MS);
          return happened;
        },
        { timeoutMs: PATIENCE_MS },
      );
      await noticed;
    },
    /** Sets the clock without letting time pass. */
    setClock(ms: number) {
      now = ms;
    },
    /** Connections that the server has not seen the end of. */
    connections: () => promisify(server.getConnections.bind(server))(),
    ask,
    /** Opens a stream and waits for its greeting. */
    async join(query = "", headers: Record<string, string> = {}) {
      const client = await ask(query, headers);
      const gzip = "Accept-Encoding" in headers;
      const head = () => client.text().split("\r\n\r\n")[0] ?? "";
      const body = () => {
        const bytes = client.bytes();
        const rest = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
        const inflated = () => gunzipSync(rest, { finishFlush: constants.Z_SYNC_FLUSH });
        return (gzip ? inflated() : rest).toString();
      };
      await waitFor(() => body().includes("event: presence"), {
        timeoutMs: PATIENCE_MS,
        message: "the greeting",
      });
      return {
        client,
        head,
        body,
        async until(text: string) {
          await waitFor(() => body().includes(text), {
            timeoutMs: PATIENCE_MS,
            message: `${text} in ${body().slice(-300)}`,
          });
        },
      };
    },
  };
}

interface HubOptions {
  hub?: Partial<Config["hub"]>;
  features?: Partial<Config["features"]>;
  /** The last message of the room before its tail. */
  lastId?: number;
}
