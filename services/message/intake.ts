import type { MessageRecord } from "../../contracts/message-record.ts";

/** Of one commit, at most, unless a single delivery has more; databases bound a statement's length. */
const MAX_RECORDS = 2_000;
const MAX_BYTES = 2 * 1024 ** 2;

export interface IntakePorts {
  /** Commits all of the records, or none; those that are there already do no harm. */
  append(records: MessageRecord[]): Promise<void>;
  /** Whether an error of `append` is the fault of a record, so that it would come every time. */
  isRefusal(error: unknown): boolean;
  /** Puts a record aside that cannot be kept. */
  bury(record: MessageRecord, error: unknown): Promise<void>;
}

/** Takes what a channel delivers, and keeps as much of it in one commit as has arrived. */
export interface Intake {
  /**
   * Resolves once all records of a delivery are in history or put aside. Rejects when that could not
   * be done; then some of them may be there, and the delivery has to come again.
   *
   * @param bytes about what they need
   */
  take(records: MessageRecord[], bytes: number): Promise<void>;
}

interface Delivery {
  records: MessageRecord[];
  bytes: number;
  done: PromiseWithResolvers<void>;
}

/** One commit at a time; what arrives meanwhile shares the next. */
export function createIntake(ports: IntakePorts): Intake {
  const waiting: Delivery[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const deliveries = nextOf(waiting);
      try {
        await keep(deliveries.flatMap(({ records }) => records));
        for (const { done } of deliveries) done.resolve();
      } catch (error) {
        for (const { done } of deliveries) done.reject(error);
      }
    }
    running = false;
  }

  /** Halves what is refused until the records are found that are to blame. */
  async function keep(records: MessageRecord[]): Promise<void> {
    try {
      if (records.length > 0) await ports.append(records);
    } catch (error) {
      if (!ports.isRefusal(error)) throw error;
      if (records.length === 1) return ports.bury(records[0] as MessageRecord, error);
      const half = records.length >> 1;
      await keep(records.slice(0, half));
      await keep(records.slice(half));
    }
  }

  return {
    take(records, bytes) {
      const done = Promise.withResolvers<void>();
      waiting.push({ records, bytes, done });
      if (!running) {
        running = true;
        // What has arrived together is kept together.
        setImmediate(run);
      }
      return done.promise;
    },
  };
}

/** Takes as many as fit into one commit away from the front, at least one. */
function nextOf(waiting: Delivery[]): Delivery[] {
  let records = 0;
  let bytes = 0;
  const over = waiting.findIndex((delivery) => {
    records += delivery.records.length;
    bytes += delivery.bytes;
    return records > MAX_RECORDS || bytes > MAX_BYTES;
  });
  return waiting.splice(0, over < 0 ? waiting.length : Math.max(1, over));
}
