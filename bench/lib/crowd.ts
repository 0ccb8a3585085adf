import { measureFloor } from "../floor.ts";
import { type Row, round } from "./bench.ts";
import { Child } from "./child.ts";
import type { Received, Sent } from "./traffic.ts";

/** People who talk in a room, and a crowd that watches it on one gateway. */
export interface Crowd {
  /** Where the crowd watches. */
  port: number;
  liveId: number;
  viewers: number;
  gzip: boolean;
  /** Who talks; opened already. */
  senders: Child;
  /** Messages per second. */
  rate: number;
  seconds: number;
  /** CPU seconds used so far by what is measured. */
  cpu(): number;
}

/**
 * What is measured is a server that has been up for a while, and streams on which something has been
 * said for a while and without a pause: in the beginning code is interpreted, and the kernel
 * acknowledges the first 16 segments of a connection, or after a pause of 200 ms, at once: inside the
 * server's own write (TCP_MAX_QUICKACKS and TCP_RTO_MIN of Linux), which takes a fifth longer then.
 */
const WARM_UP_SECONDS = 10;
const WARM_UP_RATE = 10;

/** Lets people talk for a while, before anything is measured. */
export function warmUp(senders: Child, rate: number): Promise<Sent> {
  return senders.ask("run", { rate: Math.max(rate, WARM_UP_RATE), seconds: WARM_UP_SECONDS });
}

/**
 * Lets people talk and the crowd watch, and then a bare loop write as many times as many bytes to as
 * many sockets.
 *
 * @returns the row of a table, and the CPU seconds of both
 */
export async function measureCrowd(
  crowd: Crowd,
): Promise<{ row: Row; cpu: number; floor: number; messages: number }> {
  const { port, liveId: live_id, viewers, gzip, senders, rate, seconds } = crowd;
  const readers = new Child("generators/viewers.ts");
  try {
    await readers.ask("open", { port, live_id, viewers, gzip });
    await readers.ask("begin");
    const warm = await warmUp(senders, rate);
    await readers.ask("mark");
    const before = crowd.cpu();
    const began = performance.now();
    const sent = await senders.ask<Sent>("run", { rate, seconds });
    const messages = warm.accepted.length + sent.accepted.length;
    const received = await readers.ask<Received>("finish", { messages });
    const cpu = crowd.cpu() - before;
    const took = (performance.now() - began) / 1000;
    readers.stop();

    const writes = Math.max(1, Math.round(received.writes));
    const bytes = Math.max(1, Math.round(received.bytes / writes));
    const floor = await measureFloor({ viewers, writes, bytes, seconds });
    const row = {
      ...integrity([warm, sent], received),
      deliveries: received.deliveries,
      p50_ms: received.latency?.[0] ?? "–",
      p99_ms: received.latency?.[1] ?? "–",
      max_ms: received.latency?.[2] ?? "–",
      bytes_each: round(received.bytes / received.messages),
      batch: round(received.messages / received.writes),
      cores: round(cpu / took),
      per_cpu_s: Math.round(received.deliveries / cpu),
      floor_per_cpu_s: Math.round(received.deliveries / floor),
      whole_pct: Math.round((100 * floor) / cpu),
    };
    return { row, cpu, floor, messages: sent.accepted.length };
  } finally {
    readers.stop();
  }
}

/** Everything that was accepted was delivered to everyone, once and in order; or what was not. */
function integrity(sent: Sent[], received: Received): Row {
  const accepted = sent.flatMap((one) => one.accepted).toSorted((a, b) => a - b);
  const refused = sent.reduce((count, one) => count + one.refused, 0);
  const exact =
    received.faults === 0 &&
    accepted.length === received.ids.length &&
    accepted.every((id, index) => id === received.ids[index]);
  if (exact && refused === 0) return { exact: "yes" };
  return {
    exact: "NO",
    fault: received.firstFault || sent.map((one) => one.firstRefusal).join(" ") || "ids differ",
    sent: accepted.length,
    received: received.ids.length,
    refused,
  };
}
