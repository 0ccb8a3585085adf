import assert from "node:assert/strict";
import { test } from "node:test";
import { closeCodes } from "../../contracts/close-codes.ts";
import { cleanUp } from "../support/cleanup.ts";
import { callAtConsole } from "../support/console.ts";
import { unlimited } from "../support/limits.ts";
import { residentMiB } from "../support/resident-memory.ts";
import { startServer } from "../support/server.ts";
import { openShow, sayMany } from "../support/show.ts";
import { type StreamEvent, Viewer, watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const CROWD = 200;
/** Those of the crowd who look at what they get; the others only take it. */
const ATTENTIVE = 10;
const PER_SECOND = 120;
/** Messages of a phase without slow viewers. */
const CONTROL = 500;
/** How long the room is busy beside the viewer who never reads. */
const BESIDE_MS = 60_000;
/** How long a viewer may take nothing. */
const SLOW_CLOSE_MS = 10_000;
/** The heap of a busy minute before it is collected, in MiB. */
const MEMORY_MIB = 300;
/** Long texts fill the kernel's buffers sooner, which take several MB before a writer notices. */
const PADDING = "弹".repeat(480);

interface Latency {
  median: number;
  p95: number;
}

test("a viewer that never reads, for a minute in a busy room, is closed as too slow, and the others do not notice", async (t) => {
  const server = await startServer(t, {
    repl: true,
    config: { ...unlimited, hub: { slow_close_ms: SLOW_CLOSE_MS } },
  });
  const { port } = server;
  const pid = server.process.child.pid as number;
  const show = await openShow(server, 8);
  const { liveId } = show;

  let delays: number[] = [];
  const noteIn =
    (those: () => number[]) =>
    ({ id, data }: StreamEvent) => {
      if (id !== null) those().push(performance.now() - Number.parseFloat(String(data.content)));
    };
  const onEvent = noteIn(() => delays);
  const others = await Promise.all(
    Array.from({ length: CROWD }, (_, n) =>
      watch({ port, liveId, gzip: true, onEvent, inattentive: n >= ATTENTIVE }),
    ),
  );
  cleanUp(t, () => others.map((viewer) => viewer.close()));
  const witness = others[0] as Viewer;

  /** A while of the same traffic; how long it took to reach those who watch. */
  const traffic = async (count: number | (() => boolean)): Promise<Latency> => {
    delays = [];
    const content = () => `${performance.now()} ${PADDING}`;
    const ids = await sayMany(server, show, { count, perSecond: PER_SECOND, content });
    const last = ids.at(-1) as number;
    await waitFor(() => others.slice(0, ATTENTIVE).every(({ cursor }) => cursor === last), {
      timeoutMs: 20_000,
    });
    return latency(delays);
  };

  // Another room at the same time: whatever else slows this machine down slows that one too.
  const elsewhere = await openShow(server, 4);
  const delaysElsewhere: number[] = [];
  const there = await watch({
    port,
    liveId: elsewhere.liveId,
    gzip: true,
    onEvent: noteIn(() => delaysElsewhere),
  });
  cleanUp(t, () => there.close());

  const controls = [await traffic(CONTROL)];
  const memory = [await residentMiB(pid)];

  const slow = new Viewer({ port, liveId, idle: true });
  cleanUp(t, () => slow.close());
  await waitFor(() => viewersSeenBy(witness) === CROWD + 1);
  const seenBefore = witness.ids.length;
  const since = performance.now();
  const isOver = () => performance.now() - since > BESIDE_MS;
  let closedAfter: number | null = null;
  const [beside] = await Promise.all([
    traffic(() => {
      if (closedAfter === null && viewersSeenBy(witness) === CROWD) {
        closedAfter = witness.ids.length - seenBefore;
        // Now that it is closed it reads: first what the kernel had taken, at last why.
        slow.read();
      }
      return isOver();
    }),
    sayMany(server, elsewhere, {
      count: isOver,
      perSecond: PER_SECOND / 4,
      content: () => `${performance.now()} elsewhere`,
    }),
  ]);
  controls.push(latency(delaysElsewhere));
  assert.ok(closedAfter !== null, "after a minute it is still there");
  const counted = new RegExp(`'${closeCodes.SLOW.code}': 1\\b`);
  assert.match(await callAtConsole(server, "api.hub"), counted, "it is counted");
  const rate = PER_SECOND;
  const seenAtClose = seenBefore + closedAfter;
  memory.push(await residentMiB(pid));

  await slow.closed;
  controls.push(await traffic(CONTROL));
  t.diagnostic(
    `others, without it, in another room meanwhile, again without it, and beside it: ${[...controls, beside].map(told).join("; ")}`,
  );
  t.diagnostic(`memory before and after: ${memory.map(Math.round).join(", ")} MiB`);
  t.diagnostic(`the slow one got ${slow.ids.length} of ${seenAtClose - seenBefore} messages`);

  const median = Math.max(...controls.map((control) => control.median));
  const p95 = Math.max(...controls.map((control) => control.p95));
  assert.ok(beside.median < 2 * median + 10, "the median of the others stays");
  assert.ok(beside.p95 < 2 * p95 + 25, "and so do their slower deliveries");
  // That one viewer holds a bounded part is shown in test/unit/hub-room.test.ts; this is the whole.
  assert.ok((memory[1] as number) - (memory[0] as number) < MEMORY_MIB, "nothing is hoarded");

  const { code, reason } = closeCodes.SLOW;
  assert.deepEqual(slow.of("bye"), [{ code, reason, reconnect: true }]);
  assert.equal(slow.events.at(-1)?.name, "bye", "it is the last word");
  const from = witness.ids.indexOf(slow.ids[0] as number);
  assert.ok(from >= seenBefore);
  assert.deepEqual(slow.ids, witness.ids.slice(from, from + slow.ids.length), "without a hole");
  const missed = seenAtClose - (from + slow.ids.length);
  assert.ok(
    missed > (rate * SLOW_CLOSE_MS) / 1000 / 4,
    `while it took nothing, nothing was kept for it (it missed ${missed} at ${rate} a second)`,
  );
});

/** How many watch, as one of them was told last. */
function viewersSeenBy(viewer: Viewer): unknown {
  return viewer.of("presence").at(-1)?.viewers;
}

function latency(delays: number[]): Latency {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] as number;
  return { median: at(0.5), p95: at(0.95) };
}

function told({ median, p95 }: Latency): string {
  return `median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;
}
