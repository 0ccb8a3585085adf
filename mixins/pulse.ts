import type { Middleware, ServiceBroker } from "moleculer";

/** Times in milliseconds. */
export interface PulseOptions {
  /** How often each node tells the others that it is there. */
  everyMs: number;
  /** A node that said nothing at all for so long is taken for gone. */
  silenceMs: number;
}

/** Noticed sooner than a lease of two seconds ends, so that a room waits for nothing but its lease. */
const USUAL: PulseOptions = { everyMs: 400, silenceMs: 1_700 };

/** A check that comes so late says more about us than about the others. */
const STALL_MS = 1_000;

/** What of a packet tells who is alive; Moleculer's types leave the handler out. */
interface Packet {
  payload?: { sender?: string };
}

/**
 * Notices within two seconds that a node has vanished without a word.
 *
 * Moleculer's own heartbeats count in whole seconds and are checked as rarely as they may be missing,
 * so with its shortest useful settings a killed node is called for five seconds. Here every packet is
 * a sign of life, and heartbeats come often enough for a short silence to mean something. Whoever was
 * silent only for a while is found again by its next heartbeat.
 */
export function pulse({ everyMs, silenceMs }: PulseOptions = USUAL): Middleware {
  const heardMs = new Map<string, number>();
  const timers: NodeJS.Timeout[] = [];
  let checkedMs = 0;

  function check({ registry, nodeID }: ServiceBroker): void {
    const now = performance.now();
    const stalled = now - checkedMs > STALL_MS;
    checkedMs = now;
    for (const { id, available } of registry.nodes.toArray()) {
      if (id === nodeID) continue;
      const heard = heardMs.get(id);
      if (!available) heardMs.delete(id);
      else if (heard === undefined || stalled) heardMs.set(id, now);
      else if (now - heard > silenceMs) {
        heardMs.delete(id);
        registry.nodes.disconnected(id, true);
      }
    }
  }

  const middleware = {
    name: "Pulse",
    transitMessageHandler(next: (command: string, packet: Packet) => unknown) {
      return (command: string, packet: Packet) => {
        const sender = packet?.payload?.sender;
        if (sender !== undefined) heardMs.set(sender, performance.now());
        return next(command, packet);
      };
    },
    started(broker: ServiceBroker) {
      checkedMs = performance.now();
      const beat = () => {
        // Without NATS nobody hears it; the client would only keep it for later.
        if (broker.transit?.connected) void broker.registry.discoverer.sendHeartbeat();
      };
      timers.push(
        setInterval(beat, everyMs).unref(),
        setInterval(() => check(broker), everyMs / 2).unref(),
      );
    },
    stopped() {
      for (const timer of timers) clearInterval(timer);
    },
  };
  return middleware as unknown as Middleware;
}
