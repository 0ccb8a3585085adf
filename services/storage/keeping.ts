import { fail } from "../../contracts/errors.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";

/**
 * What becomes of an object, by its row. It is `loose` from before it is stored until somebody uses it,
 * and again when nobody does any more; `kept` in between. Whoever removes one that was loose for long
 * makes it `removing` first: from then on nobody can use it.
 */
export type ObjectState = "loose" | "kept" | "removing";

/** One object that a user keeps for one purpose, such as the cover of a room. */
export interface Use {
  owner_id: number;
  /** Says what it is for: `avatar`, `room:123`. */
  purpose: string;
  object_key: string;
  bytes: number;
  create_ms: number;
}

/** Where it is written down who keeps what. */
export interface UseStore {
  /** Makes a row for an object that is about to be stored; false while it is being removed. */
  expect(key: string, nowMs: number): Promise<boolean>;
  /**
   * Writes a use down, unless that would make the owner keep more than `maxBytes`; of many at once as
   * many as fit. With `isStored` the object is one that was expected.
   *
   * @returns the owner's turn: it grows with each use, also with one that is repeated
   */
  add(use: Use, maxBytes: number, isStored: boolean): Promise<number | "full" | "removing">;
  /** Takes away what an owner kept for that purpose before that turn. */
  settle(owner: number, purpose: string, turn: number, nowMs: number): Promise<void>;
  /** What an owner keeps, in bytes. */
  usage(owner: number): Promise<number>;
  /**
   * Takes objects that were loose since before a time, to be removed: each by one caller only, for as
   * long as another such time.
   */
  claimLoose(beforeMs: number, nowMs: number, limit: number): Promise<string[]>;
  /** Forgets an object that is removed. */
  forget(key: string): Promise<void>;
}

export interface KeepingOptions {
  uses: UseStore;
  objects: Pick<ObjectStore, "move" | "remove" | "list" | "removeUnfinished">;
  /** What one user may keep, in bytes. */
  quota(): number;
  now(): number;
}

/** What nobody has used for this long, and files that came in so long ago, go; in ms. */
export const LOOSE_MS = 3_600_000;
/** Objects removed in one round. */
const MAX_REMOVALS = 200;
/** How long those should wait who want what is just being removed, in ms. */
const REMOVAL_MS = 2_000;

/** Who keeps which objects, within their quotas; and the removal of what nobody keeps. */
export class Keeping {
  readonly #options: KeepingOptions;

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  /**
   * Gives an object that came in its lasting key, and writes down who keeps it.
   *
   * @param incoming where it is now
   * @returns the owner's turn, for {@link settle}
   * @throws ProductError QUOTA_EXCEEDED; UNAVAILABLE while an equal one is being removed
   */
  async keep(use: Omit<Use, "create_ms">, incoming: string): Promise<number> {
    const { uses, objects, now } = this.#options;
    await this.admit(use.owner_id, use.bytes);
    if (!(await uses.expect(use.object_key, now()))) busy();
    if (!(await objects.move(incoming, use.object_key))) fail("UNAVAILABLE");
    return await this.#add(use, true);
  }

  /**
   * Writes down who keeps an object whose removal is somebody else's business.
   *
   * @throws ProductError QUOTA_EXCEEDED
   */
  record(use: Omit<Use, "create_ms">): Promise<number> {
    return this.#add(use, false);
  }

  /** Throws QUOTA_EXCEEDED when so many bytes more would be too many. */
  async admit(owner: number, bytes: number): Promise<void> {
    const used = await this.#options.uses.usage(owner);
    if (used + bytes > this.#options.quota()) this.#refuse(used);
  }

  /**
   * From now on the owner keeps nothing for the purpose that was kept before that turn. Whoever shows
   * the object has to let the later turn win, in the same way: then what is shown is always kept,
   * however many replace it at once.
   */
  settle(owner: number, purpose: string, turn: number): Promise<void> {
    return this.#options.uses.settle(owner, purpose, turn, this.#options.now());
  }

  async usage(owner: number): Promise<{ bytes: number; max_bytes: number }> {
    const { uses, quota } = this.#options;
    return { bytes: await uses.usage(owner), max_bytes: quota() };
  }

  /**
   * Removes what was left: by processes that died in the middle of something, by users who replaced it.
   * Several may do this at once, and may be cut short.
   *
   * @returns how many objects and halves of objects went
   */
  async cleanUp(): Promise<number> {
    const { uses, objects, now } = this.#options;
    const beforeMs = now() - LOOSE_MS;
    const keys = await uses.claimLoose(beforeMs, now(), MAX_REMOVALS);
    for (const key of keys) {
      await objects.remove(key);
      await uses.forget(key);
    }
    let removed = keys.length;
    for await (const { key, modifiedMs } of objects.list("incoming/")) {
      if (modifiedMs >= beforeMs) continue;
      await objects.remove(key);
      removed++;
    }
    return removed + (await objects.removeUnfinished(beforeMs));
  }

  async #add(use: Omit<Use, "create_ms">, isStored: boolean): Promise<number> {
    const { uses, quota, now } = this.#options;
    const added = await uses.add({ ...use, create_ms: now() }, quota(), isStored);
    if (added === "full") this.#refuse(await uses.usage(use.owner_id));
    return added === "removing" ? busy() : added;
  }

  #refuse(used: number): never {
    fail("QUOTA_EXCEEDED", { bytes: used, max_bytes: this.#options.quota() });
  }
}

function busy(): never {
  fail("UNAVAILABLE", { retry_after_ms: REMOVAL_MS });
}
