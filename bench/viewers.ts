/** What an idle viewer costs in memory. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Row } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { rssKiB } from "./lib/proc.ts";
import { openRoom, registerUsers, startServer } from "./lib/server.ts";

const VIEWERS = 10_000;

export const viewers: Bench = {
  name: "viewers",
  about: "memory per idle viewer",
  async run({ log }) {
    const rows: Row[] = [];
    for (const gzip of [false, true]) {
      log(`${VIEWERS} viewers${gzip ? ", gzip" : ""}`);
      rows.push(await measure(gzip));
    }
    return rows;
  },
};

async function measure(gzip: boolean): Promise<Row> {
  const server = await startServer({});
  const readers = new Child("generators/viewers.ts");
  try {
    const tokens = await registerUsers(server, 1);
    const live_id = await openRoom(server, tokens[0] as string);
    await delay(1000);
    const before = rssKiB(server.pid);
    await readers.ask("open", { port: server.port, live_id, viewers: VIEWERS, gzip });
    await delay(3000);
    const after = rssKiB(server.pid);
    return {
      case: `${VIEWERS} idle viewers${gzip ? ", gzip" : ""}`,
      rss_before_mib: Math.round(before / 1024),
      rss_after_mib: Math.round(after / 1024),
      kib_per_viewer: Math.round(((after - before) / VIEWERS) * 100) / 100,
    };
  } finally {
    readers.stop();
    await server.stop();
  }
}
