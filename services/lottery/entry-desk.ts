import { errorName, fail, ProductError } from "../../contracts/errors.ts";
import { createGroupCommit, type GroupCommit } from "../../lib/group-commit.ts";
import type { EligibilityPorts } from "./eligibility.ts";
import { excludedFrom } from "./eligibility.ts";
import type { Candidate, EntryStore } from "./entry-store.ts";
import type { Entrant, Terms } from "./lottery.ts";

export interface EntryDeskPorts extends EligibilityPorts {
  entries: Pick<EntryStore, "enter">;
  now(): number;
  follows(follower: number, followee: number): Promise<boolean>;
}

/** Entries in one commit, and entries that may wait for one. */
const MAX_BATCH = 1_000;
const MAX_PENDING = 50_000;
/** Least time between two commits unless so many wait: the rush shares them, the first one waits for nothing. */
const GATHER_MS = 20;
const GATHER_ITEMS = 256;

/** Where people join. All who come at the same time share one durable commit. */
export class EntryDesk {
  readonly #ports: EntryDeskPorts;
  readonly #commit: GroupCommit<Candidate>;

  constructor(ports: EntryDeskPorts) {
    this.#ports = ports;
    this.#commit = createGroupCommit<Candidate>({
      maxBatch: MAX_BATCH,
      maxPending: MAX_PENDING,
      gatherMs: GATHER_MS,
      gatherItems: GATHER_ITEMS,
      write: (candidates) => ports.entries.enter(candidates, ports.now()),
    });
  }

  /**
   * Lets somebody join; resolves when that is durable. Who is in already stays in.
   *
   * @returns false when the lottery takes nobody any more
   * @throws ProductError LOTTERY_NOT_ALLOWED, LOTTERY_CONDITION; UNAVAILABLE when too many are waiting
   */
  async enter(terms: Terms, { user_id, user_name }: Entrant): Promise<boolean> {
    if (this.#ports.now() >= terms.end_time * 1000) return false;
    const reason = (await excludedFrom(terms, [user_id], this.#ports)).get(user_id);
    if (reason !== undefined) fail("LOTTERY_NOT_ALLOWED", { reason });
    await this.#requireCondition(terms, user_id);
    const candidate = { lottery_id: terms.id, user_id, user_name, entered: false };
    await this.#commit.append(candidate).catch(overloaded);
    return candidate.entered;
  }

  /** Resolves when nobody is waiting. */
  drain(): Promise<void> {
    return this.#commit.drain();
  }

  async #requireCondition({ condition, owner_id }: Terms, userId: number): Promise<void> {
    if (condition.kind === "keyword") fail("LOTTERY_CONDITION", { condition });
    if (condition.kind === "follow" && !(await this.#ports.follows(userId, owner_id)))
      fail("LOTTERY_CONDITION", { condition });
  }
}

/** What is no error of the database is the full queue. */
function overloaded(error: unknown): never {
  if ((error as { code?: unknown }).code === "OVERLOADED" && errorName(error) === null)
    throw new ProductError("UNAVAILABLE", { retry_after_ms: 1000 });
  throw error;
}
