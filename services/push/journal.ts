import { errorName, fail, ProductError } from "../../contracts/errors.ts";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { createGroupCommit, type GroupCommit } from "../../lib/group-commit.ts";
import { undone } from "./at-owner.ts";

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

/** Where accepted messages become durable. */
export interface Journal extends Pick<GroupCommit<MessageRecord>, "drain" | "pending"> {
  /**
   * Resolves once the message is durable.
   *
   * @param isHeld whether its room is still ours; asked right before the commit, since this process
   *   may have stood still while the message waited
   * @param isUrgent its audience would wait longer for a commit that gathers
   * @throws UNAVAILABLE or SEND_FAILED (as a rejection); undone when the message was not even tried
   */
  append(record: MessageRecord, isHeld: () => boolean, isUrgent?: boolean): Promise<void>;
}

interface Entry {
  record: MessageRecord;
  isHeld: () => boolean;
  /** Its room was another's when it was to be committed. */
  late: boolean;
}

/**
 * All rooms of a node share one commit at a time, so the cost of a commit is spread over everyone who
 * speaks meanwhile.
 */
export function createJournal(ports: {
  /** Commits messages, all or none. */
  keep(messages: MessageRecord[]): Promise<unknown>;
  failed(count: number, error: unknown): void;
}): Journal {
  const group = createGroupCommit<Entry>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    gatherMs: GATHER_MS,
    gatherItems: GATHER_ITEMS,
    async write(entries) {
      for (const entry of entries) entry.late = !entry.isHeld();
      const records = entries.filter(({ late }) => !late).map(({ record }) => record);
      try {
        if (records.length > 0) await ports.keep(records);
      } catch (error) {
        ports.failed(records.length, error);
        throw new ProductError("SEND_FAILED", { retry_after_ms: 1000 });
      }
    },
  });
  return {
    get pending() {
      return group.pending;
    },
    drain: group.drain,
    async append(record, isHeld, isUrgent) {
      const entry: Entry = { record, isHeld, late: false };
      await group.append(entry, isUrgent).catch((error: unknown) => {
        if (entry.late) throw undone();
        if (errorName(error) !== null) throw error;
        return fail("UNAVAILABLE", { retry_after_ms: 1000 });
      });
      if (entry.late) throw undone();
    },
  };
}
