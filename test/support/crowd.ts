import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { waitFor } from "./wait-for.ts";

export interface CrowdOptions {
  /** Of the gateways, among which they spread evenly. */
  ports: readonly number[];
  liveId: number;
  size: number;
  /** Everything after this id is what they have to see. */
  cursor: number;
}

interface Member {
  socket: Socket | null;
  /** The head of the response is through. */
  watching: boolean;
  ids: number[];
  /** When the last of them came, on the clock of performance.now(). */
  seenAt: number;
  /** What came of an event that is not complete yet. */
  rest: string;
}

/** All of them share it: what is read is looked at before anybody reads again. */
const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);
/** Who is turned away comes again after this time, in milliseconds. */
const RETRY_MS = 500;
const COME_MS = 60_000;
const ID = /^id: (\d+)$/gm;

/** Thousands of viewers that cost a test little: bare sockets, and of all that comes only the ids. */
export class Crowd {
  private readonly options: CrowdOptions;
  private readonly members: Member[];
  private present = false;

  constructor(t: CleanupScope, options: CrowdOptions) {
    this.options = options;
    this.members = Array.from({ length: options.size }, () => ({
      socket: null,
      watching: false,
      ids: [],
      seenAt: 0,
      rest: "",
    }));
    cleanUp(t, () => this.cut());
  }

  /** Everybody connects at once, with the last id seen; resolves when all are watching. */
  async come(): Promise<void> {
    this.present = true;
    for (const [n, member] of this.members.entries()) this.connect(member, n);
    await waitFor(() => this.members.every(({ watching }) => watching), {
      timeoutMs: COME_MS,
      message: `${this.members.length} viewers to watch`,
    });
  }

  /** All connections are gone. */
  cut(): void {
    this.present = false;
    for (const member of this.members) {
      member.socket?.destroy();
      member.socket = null;
      member.watching = false;
    }
  }

  everybodySaw(messages: number): boolean {
    return this.members.every(({ ids }) => ids.length >= messages);
  }

  /** How long after a moment so many percent had what they have now, in milliseconds. */
  percentile(percent: number, since: number): number {
    const times = this.members.map(({ seenAt }) => seenAt - since).sort((a, b) => a - b);
    return Math.round(times[Math.ceil((times.length * percent) / 100) - 1] as number);
  }

  assertSaw(ids: readonly number[]): void {
    const wrong = this.members.filter(
      (member) => member.ids.length !== ids.length || member.ids.some((id, n) => id !== ids[n]),
    );
    assert.equal(wrong.length, 0, `${wrong.length} viewers saw something else: ${wrong[0]?.ids}`);
  }

  private connect(member: Member, n: number): void {
    const { ports, liveId, cursor } = this.options;
    const port = ports[n % ports.length] as number;
    member.rest = "";
    member.watching = false;
    const socket = connect({
      port,
      host: "127.0.0.1",
      onread: {
        buffer: READ_BUFFER,
        callback: (size) => {
          this.receive(member, READ_BUFFER.toString("latin1", 0, size));
          return true;
        },
      },
    });
    member.socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => void this.comeBack(member, n, socket));
    socket.write(
      `GET /message/live?live_id=${liveId} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        `Accept: text/event-stream\r\nLast-Event-ID: ${member.ids.at(-1) ?? cursor}\r\n\r\n`,
    );
  }

  private async comeBack(member: Member, n: number, socket: Socket): Promise<void> {
    if (!this.present || member.socket !== socket) return;
    member.watching = false;
    await pause(RETRY_MS);
    if (this.present && member.socket === socket) this.connect(member, n);
  }

  private receive(member: Member, text: string): void {
    member.rest += text;
    if (!member.watching) {
      const end = member.rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!member.rest.startsWith("HTTP/1.1 200 ")) return void member.socket?.destroy();
      member.watching = true;
      member.rest = member.rest.slice(end + 4);
    }
    const complete = member.rest.lastIndexOf("\n\n") + 2;
    if (complete < 2) return;
    for (const [, id] of member.rest.slice(0, complete).matchAll(ID)) member.ids.push(Number(id));
    member.seenAt = performance.now();
    member.rest = member.rest.slice(complete);
  }
}
