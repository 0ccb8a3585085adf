/** What is used of a package that has no types of its own: its protocol, without its servers. */
declare module "node-media-server/src/protocol/rtmp.js" {
  /** Reads RTMP from chunks of any size. Throws whatever broken input makes it throw. */
  export default class Rtmp {
    /** Message being read. */
    readonly parserPacket: { readonly header: { readonly length: number } };
    /** Messages being read, by chunk stream. */
    readonly inPackets: ReadonlyMap<number, unknown>;
    /** Of the stream that was asked for last. */
    readonly streamId: number;

    /** A problem, or null. */
    parserData(data: Buffer): string | null;
    /** Makes room for the message that begins. */
    packetAlloc(): void;
    onPlay(): void;
    onDeleteStream(): void;
    respondPublish(): void;
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void;

    /** Somebody wants to publish. */
    onConnectCallback: (wish: { app: string; name: string }) => void;
    onOutputCallback: (bytes: Buffer) => void;
    onPacketCallback: (packet: { codec_type: number }) => void;
  }
}
