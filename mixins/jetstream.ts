import channels from "@moleculer/channels";
import type { Middleware, ServiceBroker, ServiceSchema } from "moleculer";
import type { ChannelMap } from "../contracts/channels.ts";
import { JetStreamAdapter } from "./jetstream-adapter.ts";

/**
 * Durable channels for the services of a node: a service takes what it names under `channels` in its
 * schema. Connected before the first service starts, until after the last has stopped, so that
 * whoever is started can send.
 *
 * @param url NATS_URL
 */
export function jetStream(url: string): Middleware {
  const adapter = new JetStreamAdapter(url);
  // Its types know adapters by name only.
  const middleware = channels.Middleware({ adapter: adapter as never } as never);
  return { ...middleware, starting: () => adapter.connect() } as Middleware;
}

/** The node's durable channels; null without `NATS_URL`. */
export function jetStreamOf(broker: ServiceBroker): JetStreamAdapter | null {
  const { channelAdapter } = broker as { channelAdapter?: unknown };
  return channelAdapter instanceof JetStreamAdapter ? channelAdapter : null;
}

/**
 * Lets a service take what channels carry. A message is done with when its handler resolves; when
 * that rejects, it comes again after a pause, on whichever node. It may come twice in any case.
 */
export function takes<This>(
  channels: {
    [C in keyof ChannelMap]?: (
      this: This,
      payload: ChannelMap[C],
      message: { data: Uint8Array },
    ) => Promise<void>;
  },
): Partial<ServiceSchema> {
  return { channels } as Partial<ServiceSchema>;
}
