import { rm } from "node:fs/promises";
import { LastWill } from "./last-will.ts";
import type { Part, Servers, StackPlan } from "./plan.ts";
import type { Death, ServerProcess } from "./server-process.ts";
import { StackFolder } from "./stack-folder.ts";

const VARIABLES: Record<keyof StackPlan, string> = {
  mariadb: "DATABASE_URL",
  redis: "REDIS_URL",
  nats: "NATS_URL",
  etcd: "ETCD_URL",
};

export interface StackPlace {
  path: string;
  /** Whether the folder is removed at the end. */
  throwAway: boolean;
}

/** The servers of a plan, in one folder, from their start to their end. */
export class Stack<Plan extends StackPlan = StackPlan> {
  readonly servers: Servers<Plan>;
  /** What has to be in the environment of who is to use them. */
  readonly env: Readonly<Record<string, string>>;
  /** Settles with the first server that ended and was not told to. */
  readonly death: Promise<Death>;
  readonly #parts: readonly Part[];
  readonly #place: StackPlace;
  readonly #will: LastWill;

  /** Finds the programs, ports and passwords; starts nothing. */
  static async prepare<const P extends StackPlan>(plan: P, place: StackPlace): Promise<Stack<P>> {
    try {
      const folder = new StackFolder(place.path);
      const parts = Object.fromEntries(await choose(plan, folder));
      const jwtSecret = folder.secret("jwt");
      folder.save();
      return new Stack<P>(parts, jwtSecret, place);
    } catch (error) {
      await clear(place);
      throw error;
    }
  }

  private constructor(parts: Record<string, Part>, jwtSecret: string, place: StackPlace) {
    this.servers = parts as Servers<Plan>;
    this.#parts = Object.values(parts);
    this.#place = place;
    this.env = {
      ...Object.fromEntries(
        Object.entries(parts).map(([name, { url }]) => [VARIABLES[name as keyof StackPlan], url]),
      ),
      JWT_SECRET: jwtSecret,
    };
    this.#will = new LastWill(place.throwAway ? place.path : null);
    this.death = new Promise((resolve) => {
      for (const node of this.nodes) {
        node.on("started", (pid) => this.#will.add(pid));
        node.on("ended", (pid) => this.#will.remove(pid));
        node.on("died", resolve);
      }
    });
  }

  /** Every process of it. */
  get nodes(): ServerProcess[] {
    return this.#parts.flatMap(({ nodes }) => nodes);
  }

  /**
   * Starts all servers at once and waits until all answer.
   *
   * @param ready told of each part when it answers
   * @throws what the first one says that does not start; stop() has to follow all the same
   */
  async start(ready: (part: Part) => void = () => {}): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.start().then(() => ready(part))));
  }

  /** Ends all servers in good order, those that do not obey by force, and puts the folder away. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.#putAway();
  }

  /** Ends all servers by force, where nobody needs their data, and puts the folder away. */
  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
    await this.#putAway();
  }

  async #putAway(): Promise<void> {
    await clear(this.#place);
    await this.#will.execute();
  }
}

async function clear({ path, throwAway }: StackPlace): Promise<void> {
  if (throwAway) await rm(path, { recursive: true, force: true });
}

/** Loads what is chosen and nothing else: some of the clients take half a second of it. */
async function choose(plan: StackPlan, folder: StackFolder): Promise<[string, Part][]> {
  const parts: [string, Part][] = [];
  if (plan.mariadb) {
    const { mariadb } = await import("./mariadb.ts");
    parts.push(["mariadb", await mariadb(folder)]);
  }
  if (plan.redis) parts.push(["redis", await redisAs(plan.redis, folder)]);
  if (plan.nats) parts.push(["nats", await natsAs(plan.nats, folder)]);
  if (plan.etcd) {
    const { etcd } = await import("./etcd.ts");
    parts.push(["etcd", await etcd(folder, { auth: false, ...settings(plan.etcd) })]);
  }
  return parts;
}

async function redisAs(wish: true | { cluster: boolean }, folder: StackFolder): Promise<Part> {
  if (settings(wish).cluster) {
    const { redisCluster } = await import("./redis-cluster.ts");
    return redisCluster(folder);
  }
  const { redis } = await import("./redis.ts");
  return redis(folder);
}

async function natsAs(wish: true | { nodes: 1 | 3 }, folder: StackFolder): Promise<Part> {
  const { nats, natsCluster } = await import("./nats.ts");
  const { nodes = 1 } = settings(wish);
  return nodes === 1 ? nats(folder) : natsCluster(folder, nodes);
}

function settings<S extends object>(wish: true | S): Partial<S> {
  return wish === true ? {} : wish;
}
