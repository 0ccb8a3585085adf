import channels from "@moleculer/channels";
import { AckPolicy, type JsMsg, type NatsConnection } from "nats";
import { type ChannelName, channelConsumers, channelNames } from "../contracts/channels.ts";
import { describeFailure } from "../lib/database/failure.ts";
import { type Backlog, backlogOf, type ConsumerPlace, caughtUp } from "../lib/nats/backlog.ts";
import { connectNats, describeNatsError } from "../lib/nats/connect.ts";
import { type Burial, DeadLetters, deadSubject } from "../lib/nats/dead-letters.ts";
import { PublishError, publishSurely } from "../lib/nats/publish.ts";
import { keepPulling, type Pulling } from "../lib/nats/pulling.ts";
import {
  ACK_WAIT_MS,
  ensureConsumer,
  ensureDeadLetters,
  ensureQueue,
  replicasFor,
  streamOf,
} from "../lib/nats/streams.ts";

type NatsAdapter = InstanceType<typeof channels.Adapters.NATS>;
type Channel = Parameters<NatsAdapter["subscribe"]>[0];

export type Sender = (json: string, sent: { msgID: string; withinMs: number }) => Promise<void>;

/** How long NATS may take to appear when a node starts, in ms. */
const APPEAR_MS = 30_000;
/** How long to take leave of a NATS that may be away, in ms. */
const LEAVE_MS = 1_000;
/** Messages that all nodes of one service together have in hand; each may be a whole commit. */
const IN_FLIGHT = 256;
/** While something is away, the log says so this often, in ms. */
const WARN_EVERY_MS = 5_000;
/** Pauses before a message is tried again, in ms. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/**
 * The NATS adapter of @moleculer/channels with another idea of what may happen to a message: it is
 * kept until its consumer is done with it, and its sender is told so, or told that it is not.
 *
 * There, a consumer begins with what is published after its first start; publishing while the node
 * stops succeeds in silence; a message that could not be put aside is acknowledged all the same; one
 * that fails comes back at once, for ever; a node that stands still is given messages all the same;
 * credentials of the URL are left out.
 */
export class JetStreamAdapter extends channels.Adapters.NATS {
  readonly #url: string;
  readonly #pulling = new Map<string, Pulling>();
  readonly #working = new Map<string, Set<Promise<void>>>();
  readonly #consumers = new Map<string, Parameters<typeof ensureConsumer>[1]>();
  /** Messages that came in vain since the log was told last. */
  #inVain = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #deadLetters: DeadLetters | null = null;

  constructor(url: string) {
    super({ maxInFlight: IN_FLIGHT, maxRetries: -1 });
    this.#url = url;
  }

  /** The second call does nothing: the middleware connects only after all services have started. */
  override async connect(): Promise<void> {
    if (this.connected) return;
    this.connection = await connectNats(this.#url, APPEAR_MS);
    this.client = this.connection.jetstream();
    // Whether there is JetStream at all is found out with the first stream, and waited for.
    this.manager = await this.connection.jetstreamManager({ checkAPI: false });
    this.#deadLetters = new DeadLetters(this.client, this.manager, this.#namespace);
    await this.#ensureStreams(this.connection);
    this.connected = true;
    void this.#follow(this.connection);
  }

  override async disconnect(): Promise<void> {
    this.stopping = true;
    this.connected = false;
    const connection = this.connection as NatsConnection | null;
    if (connection === null) return;
    // A connection that is away drains when it is back, whenever that is.
    await withinMs(LEAVE_MS, connection.drain());
    await connection.close();
  }

  override async subscribe(chan: Channel): Promise<void> {
    const consumer = { subject: chan.name, name: chan.group, inFlight: IN_FLIGHT };
    await ensureConsumer(this.manager, consumer);
    this.#consumers.set(chan.id, consumer);
    const subscription = await this.client.pullSubscribe(chan.name, {
      stream: streamOf(chan.name),
      config: { durable_name: chan.group, ack_policy: AckPolicy.Explicit },
      mack: true,
      callbackFn: this.createConsumerHandler(chan),
    });
    this.subscriptions.set(chan.id, subscription);
    this.#pulling.set(chan.id, keepPulling(subscription));
  }

  override async unsubscribe(chan: Channel): Promise<void> {
    if (chan.unsubscribing) return;
    chan.unsubscribing = true;
    this.#pulling.get(chan.id)?.stop();
    const subscription = this.subscriptions.get(chan.id);
    if (subscription !== undefined && !subscription.isClosed())
      await withinMs(LEAVE_MS, subscription.drain());
    await Promise.allSettled(this.#working.get(chan.id) ?? []);
    this.#consumers.delete(chan.id);
    this.subscriptions.delete(chan.id);
    this.#pulling.delete(chan.id);
  }

  override createConsumerHandler(chan: Channel) {
    const working = new Set<Promise<void>>();
    this.#working.set(chan.id, working);
    return async (error: unknown, message: JsMsg | null): Promise<void> => {
      // Requests that nothing came for, and those that nobody was there to hear; others follow.
      if (error) this.logger.debug("a channel has nothing", { channel: chan.name, error });
      if (message === null) return;
      this.#pulling.get(chan.id)?.arrived();
      const work = this.#deal(chan, message).catch((reason: unknown) =>
        // It comes again by itself.
        this.logger.debug("no word could be sent on a message", { channel: chan.name, reason }),
      );
      working.add(work);
      await work;
      working.delete(work);
    };
  }

  /**
   * Resolves once JetStream keeps the payload.
   *
   * @throws PublishError when it does not, or does not say so in time
   */
  override async publish(
    subject: string,
    payload: unknown,
    opts?: { raw?: boolean; msgID?: string; withinMs?: number } | null,
  ): Promise<void> {
    if (this.stopping || !this.connected)
      throw new PublishError("this node is not connected", true);
    const data = opts?.raw ? (payload as Uint8Array) : this.serializer.serialize(payload);
    const msgID = opts?.msgID ?? crypto.randomUUID();
    await publishSurely(this.client, subject, data, { msgID, withinMs: opts?.withinMs ?? 5_000 });
  }

  /**
   * Makes the function that sends through a channel what is JSON already. `msgID` names it: sent
   * twice with the same, it arrives once.
   *
   * It rejects with a PublishError when it is not kept, or when nobody says so within so many ms.
   */
  sender(channel: ChannelName): Sender {
    const subject = this.#subjectOf(channel);
    return (json, sent) => this.publish(subject, Buffer.from(json), { raw: true, ...sent });
  }

  get deadLetters(): DeadLetters {
    if (this.#deadLetters === null) throw new PublishError("this node is not connected", true);
    return this.#deadLetters;
  }

  /** How far the consumer of a channel is behind. */
  backlog(channel: ChannelName): Promise<Backlog> {
    return backlogOf(this.manager, this.#placeOf(channel));
  }

  /** Whether, within so many ms, the consumer has dealt with all that was kept before the call. */
  caughtUp(channel: ChannelName, withinMs: number): Promise<boolean> {
    return caughtUp(this.manager, this.#placeOf(channel), withinMs);
  }

  #placeOf(channel: ChannelName): ConsumerPlace {
    return { stream: streamOf(this.#subjectOf(channel)), consumer: channelConsumers[channel] };
  }

  get #namespace(): string {
    return this.opts.prefix ?? "";
  }

  #subjectOf(channel: string): string {
    return `${this.#namespace}.${channel}`;
  }

  async #ensureStreams(connection: NatsConnection): Promise<void> {
    const seen = connection.info?.connect_urls?.length ?? 1;
    const named = this.#url.split(",").length;
    const replicas = replicasFor(Math.max(seen, named));
    for (const name of channelNames)
      await ensureQueue(this.manager, this.#subjectOf(name), replicas);
    await ensureDeadLetters(this.manager, deadSubject(this.#namespace), replicas);
  }

  /** A server may come back without its files: then everything is made anew. */
  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === "disconnect") this.logger.warn("NATS is away");
      if (type !== "reconnect") continue;
      this.logger.info("NATS is back");
      await this.#restore(connection).catch((error: unknown) =>
        this.logger.error("streams could not be looked after", {
          reason: describeNatsError(error),
        }),
      );
    }
  }

  async #restore(connection: NatsConnection): Promise<void> {
    await this.#ensureStreams(connection);
    for (const consumer of this.#consumers.values()) await ensureConsumer(this.manager, consumer);
  }

  async #deal(chan: Channel, message: JsMsg): Promise<void> {
    // Another node of the service may have it at once.
    if (chan.unsubscribing) return message.nak();
    const sign = setInterval(() => message.working(), ACK_WAIT_MS / 3);
    try {
      const payload = await this.#read(chan, message);
      if (payload !== undefined) await chan.handler(payload, message);
      message.ack();
    } catch (error) {
      this.#warn(chan, error);
      message.nak(pauseAfter(message.info.deliveryCount));
    } finally {
      clearInterval(sign);
    }
  }

  /** Not for each message: while a database is away there are many, again and again. */
  #warn(chan: Channel, error: unknown): void {
    this.#inVain++;
    const now = performance.now();
    if (now < this.#warnedAt + WARN_EVERY_MS) return;
    const reason = describeFailure(error);
    const count = this.#inVain;
    this.logger.warn("messages could not be dealt with yet", { channel: chan.name, count, reason });
    this.#warnedAt = now;
    this.#inVain = 0;
  }

  /** What a message says; undefined when that is nothing, and it was put aside. */
  async #read(chan: Channel, message: JsMsg): Promise<unknown> {
    try {
      return this.serializer.deserialize(Buffer.from(message.data));
    } catch {
      await this.bury({
        channel: chan.name.slice(this.#subjectOf("").length),
        data: message.data,
        reason: "it is no JSON",
        msgID: `dead-${chan.name}-${message.seq}`,
      });
      return undefined;
    }
  }

  /** Puts a message aside for the operators. */
  async bury(burial: Burial): Promise<void> {
    await this.deadLetters.bury(burial);
    this.logger.error("a message was put aside as a dead letter", {
      channel: burial.channel,
      reason: burial.reason,
    });
  }
}

function pauseAfter(deliveries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(deliveries - 1, 10), LONGEST_PAUSE_MS);
}

/** Waits for work that need not succeed, but not longer than that. */
async function withinMs(limit: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limit);
  work.then(
    () => resolve(),
    () => resolve(),
  );
  await promise;
  clearTimeout(timer);
}
