import type { ServiceBroker } from "moleculer";

/** Nobody needs to read of what is over within this time, in milliseconds. */
const PATIENCE_MS = 1_000;
/** As long as nothing changes, it is said again after this time, in milliseconds. */
const REPEAT_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** What a node that starts is waiting for, in words; null: for nothing that it does not do itself. */
export function awaited(broker: ServiceBroker): string | null {
  if (broker.transit && !broker.transit.connected) return "the database, Redis and NATS";
  const list = broker.registry.getServiceList({ onlyAvailable: true });
  const available = new Set(list.map(({ name }) => name));
  const names = new Set(
    broker.services
      .flatMap(({ schema }) => schema.dependencies ?? [])
      .map((dependency) => (typeof dependency === "string" ? dependency : dependency.name))
      .filter((name) => !available.has(name)),
  );
  const here = new Set(broker.services.map(({ name }) => name));
  // What starts here as well is no news, unless it is all that is left.
  const elsewhere = [...names].filter((name) => !here.has(name)).sort();
  return elsewhere.length === 0 ? null : elsewhere.join(", ");
}

/**
 * Says what a start is waiting for, whenever that changes and now and then.
 *
 * @returns what ends it
 */
export function tellWaiting(
  broker: () => ServiceBroker | null,
  say: (what: string, seconds: number) => void,
): () => void {
  const since = performance.now();
  let told: string | null = null;
  let toldAt = 0;
  const look = () => {
    const now = performance.now();
    const node = broker();
    const what = node === null ? null : awaited(node);
    if (what === null || now - since < PATIENCE_MS) return;
    if (what === told && now - toldAt < REPEAT_MS) return;
    told = what;
    toldAt = now;
    say(what, Math.round((now - since) / 1000));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
