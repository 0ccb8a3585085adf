import { Discoverers } from "moleculer";

type Registry = Parameters<Discoverers.Etcd3["init"]>[0];
type FoundNode = Awaited<ReturnType<Discoverers.Etcd3["discoverNode"]>>;

/**
 * Moleculer's discoverer over etcd, with what it lacks when etcd is away.
 *
 * There, a lease that is refused is asked for anew at once, by each heartbeat for itself, so that the
 * questions become more and more until etcd is back, and the node does nothing else; leases that were
 * replaced stay for ever; a node does not start, or ends with an unhandled rejection, or does not
 * leave. Here, a heartbeat waits for the one before it, and does what could not be done then.
 */
export class SteadyEtcdDiscoverer extends Discoverers.Etcd3 {
  #beating: Promise<void> | null = null;
  #informing: Promise<void> | null = null;
  /** Services changed while earlier news of them was on its way. */
  #outdated = false;

  override init(registry: Registry): void {
    super.init(registry);
    // The time to live of a lease, in whole seconds.
    this.opts.heartbeatTimeout = Math.max(1, Math.ceil(this.opts.heartbeatTimeout ?? 1));
  }

  override sendHeartbeat(): Promise<void> {
    this.#beating ??= this.#informIfDue()
      .then(() => super.sendHeartbeat())
      .finally(() => {
        this.#beating = null;
      });
    return this.#beating;
  }

  override sendLocalNodeInfo(nodeID?: string): Promise<void> {
    this.#outdated = this.#informing !== null;
    this.#informing ??= super.sendLocalNodeInfo(nodeID).finally(() => {
      this.#informing = null;
    });
    return this.#informing;
  }

  override async discoverNode(nodeID: string): Promise<FoundNode> {
    try {
      return await super.discoverNode(nodeID);
    } catch (error) {
      this.#later("a node could not be looked up", error);
    }
  }

  override async discoverAllNodes(): Promise<void> {
    try {
      await super.discoverAllNodes();
    } catch (error) {
      this.#later("other nodes could not be looked up", error);
    }
  }

  override async localNodeDisconnected(): Promise<void> {
    try {
      await super.localNodeDisconnected();
    } catch (error) {
      this.#later("the keys of this node could not be removed; they expire", error);
    }
  }

  override async stop(): Promise<void> {
    // Otherwise they are kept alive, or tried to, as long as the process lives.
    this.leaseBeat?.release();
    this.leaseInfo?.release();
    await super.stop();
  }

  /** What others have to know of this node expires too, or did not get through. */
  async #informIfDue(): Promise<void> {
    // It ends with a heartbeat of its own.
    if (this.#informing !== null) return;
    const known = this.leaseInfo !== null && this.lastInfoSeq === this.localNode?.seq;
    // With a name, so that no heartbeat follows: this is one.
    if (!known || this.#outdated) await this.sendLocalNodeInfo(this.broker.nodeID);
  }

  #later(what: string, error: unknown): void {
    this.logger.warn(`etcd: ${what}`, { reason: (error as Error).message });
  }
}

// In the place of Moleculer's own. Declared for an instance; it is the class that it makes one of.
Discoverers.register(
  "Etcd3",
  SteadyEtcdDiscoverer as unknown as InstanceType<typeof Discoverers.Base>,
);
