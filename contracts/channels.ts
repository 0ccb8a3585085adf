import type { MessageRecord } from "./message-record.ts";

/** Before the names of all that nodes share in NATS. */
export const NAMESPACE = "molimoli";

/**
 * What is sent through durable channels, by channel: kept from the moment its sender is told until
 * its one service has dealt with it, at least once each. They exist with `NATS_URL` only.
 */
export interface ChannelMap {
  /** Accepted messages on their way into history, those of one group commit together. */
  danmaku: MessageRecord[];
}

export type ChannelName = keyof ChannelMap;

/** The service that takes what a channel carries. */
export const channelConsumers: Readonly<Record<ChannelName, string>> = {
  danmaku: "message",
};

export const channelNames = Object.keys(channelConsumers) as ChannelName[];
