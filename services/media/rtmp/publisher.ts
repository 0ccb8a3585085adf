import type { Socket } from "node:net";
import Rtmp from "node-media-server/src/protocol/rtmp.js";

/** The application in the address that people publish to. */
const APP = "live";
/** From its beginning a connection has this long until it may publish, in milliseconds. */
const ADMISSION_MS = 10_000;
/** Who publishes and sends nothing for so long has gone without a word, in milliseconds. */
const SILENCE_MS = 15_000;
/** Bytes that somebody may send who may not publish yet, all in all and in one message. */
const BEFORE_ADMISSION = { total: 65_536, message: 16_384 };
/** Bytes of a message of who may: a key frame. */
const LONGEST_MESSAGE = 8 * 1024 * 1024;
/** Chunk streams of a connection; encoders use four or five. */
const MOST_CHUNK_STREAMS = 16;
/** Bytes that wait for a client who does not read its answers. */
const MOST_UNREAD = 262_144;
/** FLV's number for pictures. */
const VIDEO = 9;

export interface PublisherPorts {
  /** Asks whether it may publish; {@link Publisher.answer} says so. */
  wish(name: string): void;
  /** The first picture has come in. */
  video(): void;
  /** After a wish: the connection is gone. Called once. */
  left(): void;
}

/**
 * One RTMP connection that publishes, or tries to. What it sends is read by node-media-server's
 * protocol, which trusts its input: whatever that throws ends this connection and nothing else.
 */
export class Publisher {
  readonly #socket: Socket;
  readonly #ports: PublisherPorts;
  readonly #rtmp = new Rtmp();
  readonly #overdue: NodeJS.Timeout;
  #state: "greeting" | "asking" | "publishing" | "over" = "greeting";
  #received = 0;
  #hasVideo = false;

  constructor(socket: Socket, ports: PublisherPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#overdue = setTimeout(() => this.cut(), ADMISSION_MS);
    this.#bindProtocol();
    socket.setNoDelay(true);
    socket.on("data", (data) => this.#read(data));
    socket.on("timeout", () => this.cut());
    socket.on("error", () => this.cut());
    socket.on("close", () => this.#closed());
  }

  answer(accepted: boolean): void {
    if (this.#state !== "asking") return;
    clearTimeout(this.#overdue);
    if (!accepted) {
      const { streamId } = this.#rtmp;
      const why = "This stream key belongs to no room that is live, or it is in use.";
      this.#rtmp.sendStatusMessage(streamId, "error", "NetStream.Publish.BadName", why);
      this.#socket.destroySoon();
      return;
    }
    this.#state = "publishing";
    Rtmp.prototype.respondPublish.call(this.#rtmp);
    this.#socket.setTimeout(SILENCE_MS);
    this.#socket.resume();
  }

  cut(): void {
    this.#socket.destroy();
  }

  #bindProtocol(): void {
    const rtmp = this.#rtmp;
    rtmp.onOutputCallback = (bytes) => this.#write(bytes);
    rtmp.onConnectCallback = ({ app, name }) => this.#wish(app, name);
    rtmp.onPacketCallback = ({ codec_type }) => this.#packet(codec_type);
    // It would say that publishing has begun before anybody was asked.
    rtmp.respondPublish = () => {};
    rtmp.onPlay = () => this.cut();
    rtmp.onDeleteStream = () => this.cut();
    rtmp.packetAlloc = () => {
      const longest = this.#state === "publishing" ? LONGEST_MESSAGE : BEFORE_ADMISSION.message;
      if (rtmp.parserPacket.header.length > longest) throw new RangeError("too long a message");
      if (rtmp.inPackets.size > MOST_CHUNK_STREAMS) throw new RangeError("too many chunk streams");
      Rtmp.prototype.packetAlloc.call(rtmp);
    };
  }

  #read(data: Buffer): void {
    this.#received += data.length;
    if (this.#state !== "publishing" && this.#received > BEFORE_ADMISSION.total) this.cut();
    try {
      if (!this.#socket.destroyed && this.#rtmp.parserData(data) !== null) this.cut();
    } catch {
      this.cut();
    }
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writableLength > MOST_UNREAD) this.cut();
    else this.#socket.write(bytes);
  }

  #wish(app: string, name: string): void {
    if (this.#state !== "greeting" || app !== APP) {
      this.cut();
      return;
    }
    this.#state = "asking";
    this.#socket.pause();
    this.#ports.wish(name);
  }

  #packet(kind: number): void {
    if (this.#state !== "publishing" || this.#hasVideo || kind !== VIDEO) return;
    this.#hasVideo = true;
    this.#ports.video();
  }

  #closed(): void {
    clearTimeout(this.#overdue);
    const wasKnown = this.#state === "asking" || this.#state === "publishing";
    this.#state = "over";
    if (wasKnown) this.#ports.left();
  }
}
