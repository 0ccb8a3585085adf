import { setTimeout as pause } from "node:timers/promises";
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  nanos,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
} from "nats";
import { describeNatsError } from "./connect.ts";

/** How long a server may hold what nobody has taken yet; then it refuses more rather than drop any. */
const QUEUE_BYTES = 1024 ** 3;
const DEAD_BYTES = 256 * 1024 ** 2;
/** What is published again within this time with the same id is kept once, in ms. */
const DUPLICATES_MS = 120_000;
/** Who has taken something and is silent for so long counts as dead, in ms. */
export const ACK_WAIT_MS = 3_000;
/** How long a cluster may take to find itself, in ms. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;
const MOST_REPLICAS = 3;

/** The stream of a subject: names may not have dots. */
export function streamOf(subject: string): string {
  return subject.replaceAll(".", "_");
}

/**
 * How often a cluster keeps everything: three times where it can, so that it loses nothing when one
 * server dies; once with fewer servers, where a copy on the other would only mean waiting for both.
 */
export function replicasFor(servers: number): number {
  return servers >= MOST_REPLICAS ? MOST_REPLICAS : 1;
}

/**
 * Makes the stream behind a channel. What is in it stays, on disk, until its one consumer says that
 * it is done; a full stream refuses. One that is there already is left as its operators want it.
 */
export function ensureQueue(manager: JetStreamManager, subject: string, replicas: number) {
  return ensureStream(manager, {
    name: streamOf(subject),
    subjects: [subject],
    retention: RetentionPolicy.Workqueue,
    max_bytes: QUEUE_BYTES,
    num_replicas: replicas,
  });
}

/** Makes the stream of all that no consumer could deal with, until somebody looks at it. */
export function ensureDeadLetters(manager: JetStreamManager, subject: string, replicas: number) {
  return ensureStream(manager, {
    name: streamOf(subject),
    subjects: [`${subject}.>`],
    retention: RetentionPolicy.Limits,
    max_bytes: DEAD_BYTES,
    num_replicas: replicas,
  });
}

/** Makes the consumer that all nodes of a service share, from the first message of its stream on. */
export async function ensureConsumer(
  manager: JetStreamManager,
  consumer: { subject: string; name: string; inFlight: number },
): Promise<void> {
  const { subject, name, inFlight } = consumer;
  const stream = streamOf(subject);
  await persist(() =>
    manager.consumers.add(stream, {
      durable_name: name,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      replay_policy: ReplayPolicy.Instant,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: inFlight,
      max_deliver: -1,
    }),
  );
}

async function ensureStream(
  manager: JetStreamManager,
  stream: {
    name: string;
    subjects: string[];
    retention: RetentionPolicy;
    max_bytes: number;
    num_replicas: number;
  },
): Promise<void> {
  await persist(async () => {
    try {
      await manager.streams.add({
        ...stream,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        // Never by age: what was accepted has to arrive, however long its consumer was away.
        max_age: 0,
        duplicate_window: nanos(DUPLICATES_MS),
      });
    } catch (error) {
      if (numberOf(error) !== NAME_IN_USE) throw error;
      await expectQueue(manager, stream);
    }
  });
}

const NAME_IN_USE = 10058;

/** A stream of that name which forgets what was not dealt with is worse than none. */
async function expectQueue(
  manager: JetStreamManager,
  { name, retention }: { name: string; retention: RetentionPolicy },
): Promise<void> {
  const { config } = await manager.streams.info(name);
  if (config.retention !== retention || config.discard !== DiscardPolicy.New)
    throw new Error(
      `JetStream has a stream ${name} already, whose retention is not "${retention}" or which discards old messages.`,
    );
}

/** Tries again while a cluster has no leader or a server is just starting. */
async function persist(work: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof NatsError)) throw error;
      if (!mayPass(error) || performance.now() > deadline)
        throw new Error(`JetStream of NATS_URL cannot be used (${describeNatsError(error)}).`);
      await pause(PAUSE_MS);
    }
  }
}

/**
 * JetStream's numbers for: not enough servers of the cluster are there yet; and for subjects that another
 * stream has, which is what a node is told as well while another one makes the same stream.
 */
const PASSING: ReadonlySet<unknown> = new Set([10004, 10005, 10008, 10065]);

function mayPass(error: NatsError): boolean {
  if (error.api_error === undefined) return ["TIMEOUT", "503", "DISCONNECT"].includes(error.code);
  return PASSING.has(error.api_error.err_code);
}

function numberOf(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
