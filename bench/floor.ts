/**
 * The best this machine can do: a bare loop of `socket.write` of one buffer to every connection. The
 * bench `fanout` runs it after each of its cases, with that case's sockets, writes and bytes.
 */
import type { Bench, Row } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { cpuSeconds } from "./lib/proc.ts";

/** An encoded danmaku, as the other benches send them. */
const MESSAGE_BYTES = 227;

/** Viewers, writes per second to each, and messages in each write. */
const CASES = [
  { viewers: 1000, writesPerSecond: 10, batch: 1 },
  { viewers: 1000, writesPerSecond: 20, batch: 5 },
  { viewers: 1000, writesPerSecond: 20, batch: 50 },
  { viewers: 15_000, writesPerSecond: 20, batch: 5 },
];

export const floor: Bench = {
  name: "floor",
  about: "deliveries per CPU-second of bare socket writes: the best that can be reached",
  async run({ seconds, only, log }) {
    const rows: Row[] = [];
    for (const { viewers, writesPerSecond, batch } of CASES) {
      const label = `${viewers} viewers × ${writesPerSecond} writes/s of ${batch}`;
      if (only !== undefined && !label.includes(only)) continue;
      log(label);
      const writes = writesPerSecond * seconds;
      const bytes = batch * MESSAGE_BYTES;
      const cpu = await measureFloor({ viewers, writes, bytes, seconds });
      rows.push({
        case: label,
        cores: Math.round((100 * cpu) / seconds) / 100,
        writes_per_cpu_s: Math.round((viewers * writes) / cpu),
        per_cpu_s: Math.round((viewers * writes * batch) / cpu),
      });
    }
    return rows;
  },
};

/**
 * CPU seconds of a bare loop: so many writes of so many bytes to each viewer, evenly spread; done twice,
 * and measured the second time.
 */
export async function measureFloor(load: {
  viewers: number;
  writes: number;
  bytes: number;
  seconds: number;
}): Promise<number> {
  const { viewers, writes, bytes, seconds } = load;
  const writer = new Child("generators/floor.ts");
  const readers = new Child("generators/viewers.ts");
  try {
    const port = await writer.ask<number>("listen");
    await readers.ask("open", { port, live_id: 1, viewers, gzip: false });
    await readers.ask("begin");
    await writer.ask("run", { writes, bytes, seconds });
    const before = cpuSeconds(writer.pid);
    await writer.ask("run", { writes, bytes, seconds });
    await readers.ask("finish", { bytes: 2 * writes * bytes });
    return cpuSeconds(writer.pid) - before;
  } finally {
    writer.stop();
    readers.stop();
  }
}
