/**
 * Fan-out of a gateway that only has viewers, in a cluster: messages come in by another gateway, and
 * batches over NATS from the node that runs the room. Its whole CPU time, next to a bare loop of
 * `socket.write` over as many sockets, with the same bytes and the same number of writes.
 */
import type { Bench, Row } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { type BenchCluster, startCluster } from "./lib/cluster.ts";
import { measureCrowd } from "./lib/crowd.ts";
import { NO_LIMITS } from "./lib/no-limits.ts";
import { openRoom, registerUsers } from "./lib/server.ts";

const CASES = [
  { viewers: 1000, rate: 10 },
  { viewers: 1000, rate: 100 },
  { viewers: 1000, rate: 1000 },
  { viewers: 15_000, rate: 100 },
];
const SENDERS = 200;

export const gateway: Bench = {
  name: "gateway",
  about: "deliveries per CPU-second of a gateway that only has viewers, in a cluster",
  async run({ seconds, only, log }) {
    log("starting servers and nodes");
    const cluster = await startCluster({ api: 2, push: 1, rest: 1 }, NO_LIMITS);
    try {
      const rows: Row[] = [];
      for (const [index, one] of CASES.entries()) {
        const label = `${one.viewers} viewers × ${one.rate}/s`;
        if (only !== undefined && !label.includes(only)) continue;
        log(label);
        const row = { case: label, ...(await measure(cluster, index, one, seconds)) };
        log(JSON.stringify(row));
        rows.push(row);
      }
      return rows;
    } finally {
      await cluster.stop();
    }
  },
};

async function measure(
  cluster: BenchCluster,
  index: number,
  { viewers, rate }: (typeof CASES)[number],
  seconds: number,
): Promise<Row> {
  const [entrance, hall] = cluster.gateways;
  if (entrance === undefined || hall === undefined) throw new Error("two gateways are needed");
  const senders = new Child("generators/senders.ts");
  try {
    const [owner = ""] = await registerUsers(entrance, 1, `owner_${index}`);
    const live_id = await openRoom(entrance, owner);
    const tokens = await cluster.tokens(SENDERS);
    await senders.ask("open", { ports: [entrance.port], live_ids: [live_id], tokens });
    const { row } = await measureCrowd({
      port: hall.port,
      liveId: live_id,
      viewers,
      gzip: false,
      senders,
      rate,
      seconds,
      cpu: () => cluster.cpuOf("api-2"),
    });
    return row;
  } finally {
    senders.stop();
  }
}
