import { errorName, fail, ProductError } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { createGroupCommit, type GroupCommit } from "../../lib/group-commit.ts";

/** Messages in one commit, and messages that may wait for one. */
const MAX_BATCH = 1000;
const MAX_PENDING = 20_000;
/**
 * Least time between two commits, unless so many messages wait. A message in a commit of its own
 * costs three times what one of five does (docs/benchmarks.md). A busy room is flushed that often anyway and right after the
 * commit, so its audience waits no longer; a quiet one does not wait at all.
 */
const GATHER_MS = 50;
const GATHER_ITEMS = 32;

/**
 * Where accepted messages become durable: all rooms of a node share one commit at a time, so the
 * cost of a commit is spread over everyone who speaks meanwhile.
 */
export function createJournal(ports: {
  /** Commits messages, all or none. */
  keep(messages: MessageRecord[]): Promise<unknown>;
  failed(count: number, error: unknown): void;
}): GroupCommit<MessageRecord> {
  const group = createGroupCommit<MessageRecord>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    gatherMs: GATHER_MS,
    gatherItems: GATHER_ITEMS,
    async write(messages) {
      try {
        await ports.keep(messages);
      } catch (error) {
        ports.failed(messages.length, error);
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
