/** Senders: keep-alive sockets, one request at a time on each, at an even pace. */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { serveRequests } from "../lib/child.ts";
import { Histogram } from "../lib/histogram.ts";

/** Senders take turns at ports and rooms. */
interface Options {
  ports: number[];
  live_ids: number[];
  tokens: string[];
}

interface Sender {
  port: number;
  liveId: number;
  socket: Socket | null;
  token: string;
  busy: boolean;
  sentMs: number;
  answer: string;
}

/** A server that cannot keep the pace gets so much more time, and is measured by what it did. */
const PATIENCE_SECONDS = 3;

const PHRASES = [
  "哈哈哈哈哈",
  "主播好厉害",
  "前排围观",
  "what a play!",
  "这波操作可以",
  "GG well played",
  "来了来了",
  "太好笑了吧",
  "let's go",
  "666666",
  "第一次看直播",
  "where are you from?",
];

const senders: Sender[] = [];
let accepted: number[] = [];
let acceptedIn: Record<number, number> = {};
let refused: string[] = [];
let latency = new Histogram();

function open({ ports, live_ids, tokens }: Options): void {
  for (const [index, token] of tokens.entries())
    senders.push({
      port: ports[index % ports.length] as number,
      liveId: live_ids[index % live_ids.length] as number,
      socket: null,
      token,
      busy: false,
      sentMs: 0,
      answer: "",
    });
}

/** The server closes connections that are idle for long: such a sender opens another one. */
function connection(sender: Sender): Socket {
  if (sender.socket !== null && !sender.socket.closed && sender.socket.writable)
    return sender.socket;
  const socket = connect({ port: sender.port, host: "127.0.0.1", noDelay: true });
  socket.on("data", (chunk) => receive(sender, chunk.toString("latin1")));
  socket.on("end", () => socket.destroy());
  socket.on("error", (error) => refused.push(error.message));
  sender.socket = socket;
  return socket;
}

/** The server answers with a length; one request is under way, so the body ends the answer. */
function receive(sender: Sender, chunk: string): void {
  sender.answer += chunk;
  const head = sender.answer.indexOf("\r\n\r\n");
  if (head === -1) return;
  const size = Number(/content-length: (\d+)/i.exec(sender.answer)?.[1] ?? Number.NaN);
  if (sender.answer.length < head + 4 + size) return;
  const id = /"id":(\d+)/.exec(sender.answer)?.[1];
  if (sender.answer.startsWith("HTTP/1.1 200") && id !== undefined) accept(sender, Number(id));
  else refused.push(sender.answer.slice(0, 300));
  latency.add(Date.now() - sender.sentMs);
  sender.answer = "";
  sender.busy = false;
}

function accept({ liveId }: Sender, id: number): void {
  accepted.push(id);
  acceptedIn[liveId] = (acceptedIn[liveId] ?? 0) + 1;
}

function send(sender: Sender, number: number): void {
  sender.busy = true;
  sender.sentMs = Date.now();
  const content = `${sender.sentMs.toString(36)} ${PHRASES[number % PHRASES.length]}`;
  const body = JSON.stringify({ live_id: sender.liveId, type: 0, content });
  connection(sender).write(
    `POST /message/live HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${sender.token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * Sends at an even rate for some seconds, or until as many were sent as that makes, when the server
 * is slower than that but not by much; answers when every request is answered.
 */
async function run({ rate, seconds }: { rate: number; seconds: number }): Promise<object> {
  accepted = [];
  acceptedIn = {};
  refused = [];
  latency = new Histogram();
  const total = rate * seconds;
  const start = performance.now();
  let sent = 0;
  let next = 0;
  const giveUp = start + (seconds + PATIENCE_SECONDS) * 1000;
  while (sent < total && performance.now() < giveUp) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1000));
    for (; sent < due; sent++) {
      // Round robin over those that have their answer; when none has, the pace slackens.
      let tries = 0;
      while (tries < senders.length && (senders[next % senders.length] as Sender).busy) {
        next++;
        tries++;
      }
      if (tries === senders.length) break;
      send(senders[next++ % senders.length] as Sender, sent);
    }
    await delay(Math.max(1, ((sent + 1) * 1000) / rate - (performance.now() - start)));
  }
  const deadline = Date.now() + 15_000;
  while (senders.some((sender) => sender.busy) && Date.now() < deadline) await delay(5);
  return {
    accepted,
    acceptedIn,
    refused: refused.length,
    firstRefusal: refused[0] ?? "",
    seconds: (performance.now() - start) / 1000,
    p50: latency.percentile(50),
    p99: latency.percentile(99),
  };
}

serveRequests({ open, run });
