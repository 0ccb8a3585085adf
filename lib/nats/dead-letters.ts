import { headers, type JetStreamClient, type JetStreamManager, NatsError } from "nats";
import { publishSurely } from "./publish.ts";
import { streamOf } from "./streams.ts";

const REASON = "Molimoli-Reason";
const CHANNEL = "Molimoli-Channel";
const PUBLISH_MS = 5_000;
const MAX_REASON = 500;

/** The subject, and by it the stream, of what could not be dealt with. */
export function deadSubject(namespace: string): string {
  return `${namespace}.dead`;
}

/** One message that no consumer could deal with. */
export interface DeadLetter {
  /** Its number, by which it is replayed or dropped. */
  seq: number;
  /** The channel that it was in. */
  channel: string;
  reason: string;
  /** Unix milliseconds. */
  time: number;
  data: Uint8Array;
}

/** What is to be put aside. */
export interface Burial {
  channel: string;
  data: Uint8Array;
  /** Nothing secret. */
  reason: string;
  /** The same for the same data, so that it is put aside once. */
  msgID: string;
}

/** The messages of one namespace that nobody could deal with. */
export class DeadLetters {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #namespace: string;

  constructor(client: JetStreamClient, manager: JetStreamManager, namespace: string) {
    this.#client = client;
    this.#manager = manager;
    this.#namespace = namespace;
  }

  get #stream(): string {
    return streamOf(deadSubject(this.#namespace));
  }

  /** @throws PublishError when it was not put aside for certain: it is still to be dealt with */
  async bury({ channel, data, reason, msgID }: Burial): Promise<void> {
    const marked = headers();
    marked.set(CHANNEL, channel);
    marked.set(REASON, reason.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_REASON));
    await publishSurely(this.#client, `${deadSubject(this.#namespace)}.${channel}`, data, {
      msgID,
      withinMs: PUBLISH_MS,
      headers: marked,
    });
  }

  async count(): Promise<number> {
    return (await this.#manager.streams.info(this.#stream)).state.messages;
  }

  /** From the oldest on, after a number. */
  async *list(after = 0): AsyncGenerator<DeadLetter> {
    const { state } = await this.#manager.streams.info(this.#stream);
    for (let seq = Math.max(after + 1, state.first_seq); seq <= state.last_seq; seq++) {
      const letter = await this.get(seq);
      if (letter !== null) yield letter;
    }
  }

  /** Null when there is none of that number (any more). */
  async get(seq: number): Promise<DeadLetter | null> {
    try {
      const { data, header, time } = await this.#manager.streams.getMessage(this.#stream, { seq });
      return {
        seq,
        channel: header.get(CHANNEL),
        reason: header.get(REASON),
        time: time.getTime(),
        data,
      };
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return null;
      throw error;
    }
  }

  /**
   * Sends a message through its channel once more; it is a dead letter no longer. One that was sent
   * and could not be removed stays, and sending it again does no harm.
   */
  async replay(letter: DeadLetter): Promise<void> {
    await publishSurely(this.#client, `${this.#namespace}.${letter.channel}`, letter.data, {
      msgID: `replay-${letter.seq}`,
      withinMs: PUBLISH_MS,
    });
    await this.drop(letter.seq);
  }

  /** Forgets a message for good. */
  async drop(seq: number): Promise<void> {
    await this.#manager.streams.deleteMessage(this.#stream, seq);
  }
}

const NO_MESSAGE = 10037;
