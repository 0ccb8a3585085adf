/** How long winners take to draw, what it costs in memory, and how little the event loop notices. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DrawThread } from "../services/lottery/draw.ts";
import type { Bench, Row } from "./lib/bench.ts";

const CASES = [1_000, 100_000, 1_000_000];
/** Ids in a page, as the service reads them from its database. */
const PAGE = 5000;
const ORDER = { lottery_id: 1, count: 1000, seed: "5e".repeat(32), beacon: "" };

export const draw: Bench = {
  name: "draw",
  about: "seconds, memory and the longest pause of the event loop for the draw of a lottery",
  async run({ only, log }) {
    const thread = new DrawThread();
    const rows: Row[] = [];
    try {
      // The thread's start and the first compilation are not what is measured.
      await thread.draw(ORDER, () => entrants(1000));
      for (const count of CASES) {
        const label = `${count} entrants`;
        if (only !== undefined && !label.includes(only)) continue;
        log(label);
        rows.push({ case: label, ...(await measure(thread, count)) });
      }
    } finally {
      await thread.stop();
    }
    return rows;
  },
};

async function measure(thread: DrawThread, count: number): Promise<Row> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const pauses = monitorEventLoopDelay({ resolution: 1 });
  pauses.enable();
  const start = performance.now();
  await thread.draw(ORDER, () => entrants(count));
  const seconds = (performance.now() - start) / 1000;
  pauses.disable();
  clearInterval(watch);
  return {
    seconds: Math.round(1000 * seconds) / 1000,
    rss_mib: Math.round((peak - before) / 2 ** 20),
    longest_pause_ms: Math.round(pauses.max / 1e6),
  };
}

/** Ids as large as real ones. */
async function* entrants(count: number): AsyncGenerator<Float64Array> {
  let id = 10 ** 15;
  for (let left = count; left > 0; left -= PAGE)
    yield Float64Array.from({ length: Math.min(PAGE, left) }, () => {
      id += 4099;
      return id;
    });
}
