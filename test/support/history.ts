import type { ServiceBroker, ServiceSchema } from "moleculer";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { jetStreamOf } from "../../mixins/jetstream.ts";
import type { JetStreamAdapter } from "../../mixins/jetstream-adapter.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { keepMessages } from "../../services/push/keep-messages.ts";
import { danmaku } from "./danmaku.ts";

/** Messages as the rooms of one node would have them kept together. */
export function danmakus(first: number, count: number): MessageRecord[] {
  return Array.from({ length: count }, (_, i) => danmaku(first + i));
}

/** The durable channels of a node that has them. */
export function channelsOf(broker: ServiceBroker): JetStreamAdapter {
  const channels = jetStreamOf(broker);
  if (channels === null) throw new Error("this node has no NATS_URL");
  return channels;
}

/** Keeps messages through the channel of a node, as its rooms do. */
export function keeperOf(broker: ServiceBroker) {
  return keepMessages({
    send: channelsOf(broker).sender("danmaku"),
    append: () => Promise.reject(new Error("there is a channel")),
  });
}

/** The ids in history from one to another, ascending, each as often as it is there. */
export async function historyOf(
  broker: ServiceBroker,
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): Promise<number[]> {
  const [rows] = await runtimeOf(broker).database.query(
    `SELECT id FROM messages WHERE id BETWEEN ${from} AND ${to} ORDER BY id`,
  );
  return (rows as { id: number }[]).map(({ id }) => Number(id));
}

/** Whole numbers from one to another, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** As much of the live service as the message service depends on. */
export const liveService: ServiceSchema = { name: "live", actions: { card: () => ({}) } };
