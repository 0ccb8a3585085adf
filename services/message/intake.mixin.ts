import type { Service, ServiceSchema } from "moleculer";
import type { Result } from "../../contracts/actions.ts";
import { errorName, fail, ProductError } from "../../contracts/errors.ts";
import { describeFailure, isUnfit } from "../../lib/database/failure.ts";
import { isId } from "../../lib/ids.ts";
import { jetStreamOf, takes } from "../../mixins/jetstream.ts";
import { createIntake, type Intake } from "./intake.ts";
import type { MessageWriter } from "./message-writer.ts";

/** What the message service has for its history to be written. */
export interface WritingHistory {
  writer: MessageWriter;
  intake: Intake;
  /** @throws UNAVAILABLE when history lacks something that was accepted before the call */
  catchUp(withinMs: number): Promise<void>;
  /** What is on its way into history. @throws UNAVAILABLE when JetStream cannot tell at the moment */
  lag(): Promise<Lag>;
}
type Lag = Result<"message.lag">;
type MessageService = Service & WritingHistory;

const RETRY_AFTER_MS = 1_000;

/** Takes accepted messages out of their channel into history, where there is a channel. */
export const historyIntake: Partial<ServiceSchema> = {
  ...takes<MessageService>({
    async danmaku(messages, { data }) {
      // What is no list is put aside like a record that is none.
      await this.intake.take(Array.isArray(messages) ? messages : [messages], data.length);
    },
  }),

  methods: {
    async catchUp(this: MessageService, withinMs: number): Promise<void> {
      const stream = jetStreamOf(this.broker);
      // Without a channel nothing is ever on its way.
      if (stream === null) return;
      const done = await answered(this, stream.caughtUp("danmaku", withinMs));
      if (!done) fail("UNAVAILABLE", { retry_after_ms: RETRY_AFTER_MS });
    },

    async lag(this: MessageService): Promise<Lag> {
      const stream = jetStreamOf(this.broker);
      if (stream === null) return { waiting: 0, underway: 0, dead_letters: 0 };
      const dead_letters = await answered(this, stream.deadLetters.count());
      return { ...(await answered(this, stream.backlog("danmaku"))), dead_letters };
    },
  },

  created() {
    this.intake = createIntake({
      append: (records) => this.writer.append(records),
      isRefusal: (error) => isUnfit(error) || errorName(error) === "BAD_REQUEST",
      bury: async (record, error) => {
        await jetStreamOf(this.broker)?.bury({
          channel: "danmaku",
          data: Buffer.from(JSON.stringify([record])),
          reason: reasonOf(error),
          msgID: `dead-${isId(record?.id) ? record.id : crypto.randomUUID()}`,
        });
      },
    });
  },
};

/** What JetStream answers: nothing while NATS elects a leader. @throws UNAVAILABLE */
async function answered<T>({ logger }: Service, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    logger.warn("JetStream cannot be asked", { reason: describeFailure(error) });
    return fail("UNAVAILABLE", { retry_after_ms: RETRY_AFTER_MS });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ProductError)) return describeFailure(error);
  return `${error.type} ${JSON.stringify(error.data)}`;
}
