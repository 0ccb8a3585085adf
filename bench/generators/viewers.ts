/**
 * Viewers, as lean as they get: raw sockets that share one read buffer, and no parsing per viewer.
 *
 * All viewers of a room are sent the same bytes. So the first to receive something extends the
 * reference stream, which is parsed and checked once; everyone else's bytes are compared with it. A
 * lost, doubled or reordered message of any viewer shows as a difference.
 *
 * A machine that runs the server as well has little left for its viewers: what they need beyond reading
 * comes late, and the kernel then acknowledges in the server's place. So once they know in which order
 * the server writes to them, they read in that order and ask nobody whether there is something to read:
 * an epoll that watches them costs the server 5% of each write, and the viewers a fifth of each read.
 */
import { readSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { constants, gunzipSync } from "node:zlib";
import { serveRequests } from "../lib/child.ts";
import { Histogram } from "../lib/histogram.ts";

interface Options {
  port: number;
  live_id: number;
  viewers: number;
  gzip: boolean;
}

interface BenchViewer {
  socket: Socket;
  /** The socket's file, from when it is read without being told. */
  fd: number;
  /** Has received something (the head of the response). */
  open: boolean;
  /** Bytes of the reference stream received. */
  offset: number;
  /** Messages of the reference stream received. */
  messages: number;
  /** When it was read last, as a number in the order of all reads. */
  lastRead: number;
}

/** Where node keeps the number of the file; not documented. */
type SocketWithHandle = Socket & { _handle: { fd: number } };

const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);
const REFERENCE_BYTES = 256 * 1024 * 1024;
/**
 * While measuring, what has come is read this often, in ms. A reader that waits for its sockets is
 * woken by each write of the server's, which makes the write some 15% dearer for the server; no viewer
 * who is on another machine does that. What is read late counts as late.
 */
const READ_EVERY_MS = 1;
/** So often everyone is read before the order is taken as known. */
const LEARN_ROUNDS = 15;
/** Viewers read before others get their turn in this process. */
const READS_AT_ONCE = 250;
/** After so long without anything from the one who should be next, everyone is looked at. */
const STUCK_MS = 2000;

let gzip = false;
let measuring = false;
let lastReadMs = 0;
let reads = 0;
let allReads = 0;
let faults = 0;
let firstFault = "";
const viewers: BenchViewer[] = [];
/** Viewers in the order in which they are written to; empty while it is not known. */
let order: BenchViewer[] = [];
/** Who is next. */
let next = 0;
const alarm = new Int32Array(new SharedArrayBuffer(4));

/** What the first viewer received before the measurement: decoding begins at the beginning. */
const earlier: Buffer[] = [];
let beganMs = 0;
let markMs = 0;
let markedBytes = 0;

/** What everyone must receive since the start of the measurement. */
let reference = Buffer.alloc(0);
let length = 0;
/** End offset and sending time of each message of the reference stream. */
let ends: number[] = [];
let sentMs: number[] = [];
let ids: number[] = [];
let parsed = 0;
let latency = new Histogram();

function receive(viewer: BenchViewer, size: number): void {
  lastReadMs = Date.now();
  if (!measuring) {
    viewer.open = true;
    if (gzip && viewer === viewers[0]) earlier.push(Buffer.from(READ_BUFFER.subarray(0, size)));
    return;
  }
  const end = viewer.offset + size;
  const known = Math.min(end, length) - viewer.offset;
  if (
    known > 0 &&
    reference.compare(READ_BUFFER, 0, known, viewer.offset, viewer.offset + known) !== 0
  )
    fault(`viewer differs from the others at byte ${viewer.offset}`);
  if (end > length) {
    READ_BUFFER.copy(reference, length, known, size);
    length = end;
    if (!gzip) parse();
  }
  viewer.offset = end;
  let isMeasured = gzip;
  while (viewer.messages < ends.length && (ends[viewer.messages] as number) <= end) {
    const sent = sentMs[viewer.messages++] as number;
    isMeasured = sent >= markMs;
    if (isMeasured) latency.add(lastReadMs - sent);
  }
  if (isMeasured) reads++;
  viewer.lastRead = allReads++;
}

/** Reads the complete events that are new in the reference stream. */
function parse(): void {
  // Not beyond what has come: the rest of the buffer is large, and searching it takes long.
  const received = reference.subarray(0, length);
  for (;;) {
    const end = received.indexOf("\n\n", parsed);
    if (end === -1) return;
    const event = reference.toString("utf8", parsed, end);
    parsed = end + 2;
    note(event, parsed);
  }
}

/** Content begins with the sender's clock in base 36. */
const MESSAGE = /^id: (\d+)\nevent: message\ndata: .*?"content":"([0-9a-z]+) /;

function note(event: string, end: number): void {
  const message = MESSAGE.exec(event);
  if (message === null) return;
  const id = Number(message[1]);
  if (id <= (ids.at(-1) ?? 0)) fault(`id ${id} came after ${ids.at(-1)}`);
  ids.push(id);
  ends.push(end);
  sentMs.push(Number.parseInt(message[2] as string, 36));
}

function fault(what: string): void {
  faults++;
  if (firstFault === "") firstFault = what;
}

async function open(options: Options): Promise<void> {
  gzip = options.gzip;
  const request =
    `GET /message/live?live_id=${options.live_id} HTTP/1.1\r\nHost: bench\r\n` +
    `Accept: text/event-stream\r\n${gzip ? "Accept-Encoding: gzip\r\n" : ""}\r\n`;
  for (let i = 0; i < options.viewers; i++) {
    const viewer: BenchViewer = {
      socket: null as never,
      fd: -1,
      open: false,
      offset: 0,
      messages: 0,
      lastRead: 0,
    };
    viewer.socket = connect({
      port: options.port,
      host: "127.0.0.1",
      onread: {
        buffer: READ_BUFFER,
        callback(size) {
          receive(viewer, size);
          return true;
        },
      },
    });
    viewer.socket.on("error", (error) => fault(error.message));
    viewer.socket.on("close", () => measuring && fault("a stream was closed"));
    viewer.socket.write(request);
    viewers.push(viewer);
    // Not more than what the gateway accepts per second.
    if (i % 50 === 49) await delay(20);
  }
  await until(() => viewers.every((viewer) => viewer.open), 30_000, "all streams open");
  // Presence is told while people arrive, and once more when they have: then it is quiet.
  await until(() => Date.now() - lastReadMs > 1500, 30_000, "a quiet room");
}

/** Begins to compare what everyone receives. Nothing may be on its way. */
function begin(): void {
  reference = Buffer.allocUnsafe(REFERENCE_BYTES);
  length = 0;
  parsed = 0;
  reads = 0;
  allReads = 0;
  ends = [];
  sentMs = [];
  ids = [];
  latency = new Histogram();
  for (const viewer of viewers) {
    viewer.offset = 0;
    viewer.messages = 0;
  }
  beganMs = Date.now();
  measuring = true;
  readNowAndThen();
}

/** Only what is sent from now on is measured; what came before was checked. */
function mark(): void {
  markMs = Date.now();
  markedBytes = length;
  reads = 0;
  latency = new Histogram();
}

/** Sleeps outside of the event loop, so that nothing wakes this process. */
function readNowAndThen(): void {
  if (!measuring) return;
  if (order.length > 0) readInOrder();
  else {
    if (allReads >= LEARN_ROUNDS * viewers.length) {
      stopWatching();
      learnOrder();
    }
    Atomics.wait(alarm, 0, 0, READ_EVERY_MS);
  }
  setImmediate(readNowAndThen);
}

/** Who was read longest ago is written to next. */
function learnOrder(): void {
  order = viewers.toSorted((a, b) => a.lastRead - b.lastRead);
  next = 0;
}

/** From here on this process reads by itself, and not when told that there is something to read. */
function stopWatching(): void {
  for (const viewer of viewers) {
    viewer.socket.pause();
    viewer.fd = (viewer.socket as SocketWithHandle)._handle.fd;
  }
  // Finding nothing is an exception, which needs no trace.
  Error.stackTraceLimit = 0;
}

function readInOrder(): void {
  for (let count = 0; count < READS_AT_ONCE; count++) {
    if (!readOne(order[next] as BenchViewer)) {
      if (Date.now() - lastReadMs > STUCK_MS) lookAtAll();
      Atomics.wait(alarm, 0, 0, READ_EVERY_MS);
      return;
    }
    next = (next + 1) % order.length;
  }
}

/** Nothing comes, or the order is another one by now. */
function lookAtAll(): void {
  for (const viewer of order) readOne(viewer);
  learnOrder();
  lastReadMs = Date.now();
}

/** @returns false when there is nothing to read */
function readOne(viewer: BenchViewer): boolean {
  try {
    const size = readSync(viewer.fd, READ_BUFFER, 0, READ_BUFFER.length, null);
    if (size === 0) fault("a stream was closed");
    else receive(viewer, size);
    return size > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") fault((error as Error).message);
    return false;
  }
}

/** Waits until everyone has everything that was sent since the beginning, and says what came. */
async function finish(expected: { messages?: number; bytes?: number }): Promise<object> {
  const arrived = async () => {
    if (gzip) await inflateReference();
    return ids.length >= (expected.messages ?? 0) && length >= (expected.bytes ?? 0);
  };
  await expectSoon(
    arrived,
    () => `${JSON.stringify(expected)}, came ${ids.length} in ${length} bytes`,
  );
  const same = () => viewers.every((viewer) => viewer.offset === length);
  await expectSoon(same, () => "everyone to have everything");
  measuring = false;
  const before = sentMs.filter((ms) => ms < markMs).length;
  const messages = ids.length - before;
  return {
    deliveries: messages * viewers.length,
    messages,
    ids,
    bytes: length - (gzip ? markedBytes : (ends[before - 1] ?? 0)),
    writes: reads / viewers.length,
    faults,
    firstFault,
    latency: gzip ? null : [50, 99, 100].map((share) => latency.percentile(share)),
  };
}

async function expectSoon(condition: () => boolean | Promise<boolean>, what: () => string) {
  await until(condition, 20_000, "").catch(() => fault(`waited 20 s for ${what()}`));
}

/** Decodes the first viewer's whole stream, and notes what was sent since the measurement began. */
async function inflateReference(): Promise<void> {
  const stream = Buffer.concat([...earlier, reference.subarray(0, length)]);
  const body = stream.subarray(stream.indexOf("\r\n\r\n") + 4);
  const text = gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  ids = [];
  ends = [];
  sentMs = [];
  for (const event of text.split("\n\n")) {
    const sent = Number.parseInt(MESSAGE.exec(event)?.[2] ?? "0", 36);
    if (sent >= beganMs) note(event, 0);
  }
  // Which of the compressed bytes end a message is not known, so there is no latency to be told.
  ends = [];
}

async function until(
  condition: () => boolean | Promise<boolean>,
  ms: number,
  what: string,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await delay(25);
  }
}

function close(): void {
  measuring = false;
  for (const { socket } of viewers) socket.destroy();
  viewers.length = 0;
}

serveRequests({ open, begin, mark, finish, close });
