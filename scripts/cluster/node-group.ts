import { mkdirSync } from "node:fs";
import { freePort } from "../stack/free-port.ts";
import { LastWill } from "../stack/last-will.ts";
import type { Death, ServerProcess } from "../stack/server-process.ts";
import { nodeProcess } from "./node-process.ts";

/** A node by what it runs. */
export interface NodeWish {
  services: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Nodes by name. */
export type NodeWishes = Readonly<Record<string, NodeWish>>;

/** Services that others are reached through, in the order in which nodes that have them end. */
const FIRST_TO_LEAVE = ["api", "push"];

/** Several nodes on this machine, from their start to their end. */
export class NodeGroup {
  readonly nodes: ReadonlyMap<string, ServerProcess>;
  readonly #wishes: NodeWishes;
  readonly #will = new LastWill(null);

  /**
   * Finds ports; starts nothing.
   *
   * @param folder where their data folders and logs are made
   * @param env of all nodes; what a node wishes for itself goes before it
   */
  static async prepare(
    wishes: NodeWishes,
    folder: string,
    env: Readonly<Record<string, string>>,
  ): Promise<NodeGroup> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const taken = new Set<number>();
    const nodes = new Map<string, ServerProcess>();
    for (const [name, { services, env: own }] of Object.entries(wishes)) {
      const port = services.includes("api") ? await freePort(taken) : null;
      if (port !== null) taken.add(port);
      nodes.set(name, nodeProcess({ name, services, port, folder, env: { ...env, ...own } }));
    }
    return new NodeGroup(nodes, wishes);
  }

  private constructor(nodes: ReadonlyMap<string, ServerProcess>, wishes: NodeWishes) {
    this.nodes = nodes;
    this.#wishes = wishes;
    for (const node of nodes.values()) {
      node.on("started", (pid) => this.#will.add(pid));
      node.on("ended", (pid) => this.#will.remove(pid));
    }
  }

  /** The node of that name. */
  node(name: string): ServerProcess {
    const node = this.nodes.get(name);
    if (node === undefined) throw new RangeError(`there is no node ${name}`);
    return node;
  }

  /** Nodes that run a service, by name. */
  of(service: string): string[] {
    return [...this.nodes.keys()].filter((name) => this.#runs(name, service));
  }

  onDeath(tell: (name: string, death: Death) => void): void {
    for (const [name, node] of this.nodes) node.on("died", (death) => tell(name, death));
  }

  /** Starts all that do not run yet, at once: they wait for one another. */
  async start(ready: (name: string, node: ServerProcess) => void = () => {}): Promise<void> {
    const absent = [...this.nodes].filter(([, { pid }]) => pid === undefined);
    await Promise.all(absent.map(([name, node]) => node.start().then(() => ready(name, node))));
  }

  /** Ends all in good order: gateways first, then rooms, then what these need. */
  async stop(): Promise<void> {
    for (let step = 0; step <= FIRST_TO_LEAVE.length; step++) {
      const leaving = [...this.nodes].filter(([name]) => this.#stepOf(name) === step);
      await Promise.all(leaving.map(([, node]) => node.stop()));
    }
    await this.#will.execute();
  }

  async kill(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.stop("SIGKILL")));
    await this.#will.execute();
  }

  #stepOf(name: string): number {
    const step = FIRST_TO_LEAVE.findIndex((service) => this.#runs(name, service));
    return step === -1 ? FIRST_TO_LEAVE.length : step;
  }

  #runs(name: string, service: string): boolean {
    return this.#wishes[name]?.services.includes(service) ?? false;
  }
}
