/** What generators/senders.ts answers. */
export interface Sent {
  /** Ids. */
  accepted: number[];
  /** How many of them in which room. */
  acceptedIn: Record<number, number>;
  refused: number;
  firstRefusal: string;
  /** How long it took. */
  seconds: number;
  /** Milliseconds from request to answer. */
  p50: number;
  p99: number;
}

/** What generators/viewers.ts answers. */
export interface Received {
  deliveries: number;
  messages: number;
  /** Of all messages, also those that were not measured. */
  ids: number[];
  bytes: number;
  /** Reads per viewer. */
  writes: number;
  faults: number;
  firstFault: string;
  /** Median, 99th percentile and maximum in ms; null where streams are compressed. */
  latency: [p50: number, p99: number, max: number] | null;
}
