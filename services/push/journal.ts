import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { errorName, fail, ProductError } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { createGroupCommit, type GroupCommit } from "../../lib/group-commit.ts";

/** Messages in one commit, and messages that may wait for one. */
const MAX_BATCH = 1000;
const MAX_PENDING = 20_000;

/**
 * Where accepted messages become durable: all rooms of a node share one commit at a time, so the
 * cost of a commit is spread over everyone who speaks meanwhile.
 */
export function createJournal(broker: ServiceBroker): GroupCommit<MessageRecord> {
  const group = createGroupCommit<MessageRecord>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    async write(messages) {
      try {
        await call(broker, "message.append", { messages });
      } catch (error) {
        broker.logger.error("messages could not be kept", { count: messages.length, error });
        throw new ProductError("SEND_FAILED", { retry_after_ms: 1000 });
      }
    },
  });
  return {
    ...group,
    get pending() {
      return group.pending;
    },
    append(record) {
      return group.append(record).catch((error: unknown) => {
        if (errorName(error) !== null) throw error;
        return fail("UNAVAILABLE", { retry_after_ms: 1000 });
      });
    },
  };
}
