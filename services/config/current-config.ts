import { isDeepStrictEqual } from "node:util";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { type FieldProblem, fail } from "../../contracts/errors.ts";
import { checkConfig, readConfig, withValue, writeConfig } from "./config-rules.ts";
import { ConfigConflict, type ConfigStore } from "./config-store.ts";

/** Writers that come first are let by this often before `set` gives up. */
const ATTEMPTS = 5;

export interface ConfigListener {
  /** Another configuration is valid from now on. */
  changed(config: Config): void;
  /** What is stored is no configuration; the last good one stays. Told once for each such text. */
  refused(problems: FieldProblem[]): void;
}

/**
 * The configuration that is in force: the last valid one that the store held, the defaults before
 * there was any. Reading anew and changing happen one after the other.
 */
export class CurrentConfig {
  readonly #store: ConfigStore;
  readonly #listener: ConfigListener;
  #config: Config = defaultConfig;
  #revision = 0;
  /** The revision, or the failure, that was judged last. */
  #judged: number | string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ConfigStore, listener: ConfigListener) {
    this.#store = store;
    this.#listener = listener;
  }

  /** The configuration in force and the revision it was stored under (0: defaults, none stored). */
  get(): { config: Config; revision: number } {
    return { config: this.#config, revision: this.#revision };
  }

  /** Reads the store, creates an empty document if there is none, and follows its changes. */
  async start(): Promise<void> {
    this.#store.watch(() => void this.reload());
    await this.#inTurn(async () => {
      const { text } = await this.#store.load();
      if (text === null) await this.#create();
    });
    await this.reload();
  }

  async stop(): Promise<void> {
    await this.#store.close();
    await this.#turn;
  }

  /** Applies what is stored now, if it differs from what was read before. Never throws. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        const { text, revision } = await this.#store.load();
        if (revision === this.#judged) return;
        this.#judged = revision;
        const reading = readConfig(text);
        if (reading.problems !== undefined) this.#listener.refused(reading.problems);
        else this.#accept(reading.config, revision);
      } catch (error) {
        this.#unreadable((error as Error).message);
      }
    });
  }

  /**
   * Changes one value, e.g. `limiter.room_rate`, in the store and in force.
   *
   * @throws BAD_REQUEST that names each bad key, also when it is the stored document that is bad:
   *   a file that someone is mending is not overwritten
   * @throws UNAVAILABLE when others keep writing first
   */
  set(path: string, value: unknown): Promise<{ config: Config; revision: number }> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await this.#store.load();
        const before = readConfig(stored.text);
        if (before.problems !== undefined) fail("BAD_REQUEST", { fields: before.problems });
        const after = checkConfig(withValue(before.document, path, value));
        if (after.problems !== undefined) fail("BAD_REQUEST", { fields: after.problems });
        const revision = await this.#save(writeConfig(after.document), stored.revision);
        if (revision === null) continue;
        this.#judged = revision;
        this.#accept(after.config, revision);
        return this.get();
      }
      fail("UNAVAILABLE");
    });
  }

  /** The new revision, or null if someone else wrote first. */
  async #save(text: string, revision: number): Promise<number | null> {
    try {
      return await this.#store.save(text, revision);
    } catch (error) {
      if (error instanceof ConfigConflict) return null;
      throw error;
    }
  }

  /** Another node may do the same: whose document it is does not matter. */
  async #create(): Promise<void> {
    await this.#save(writeConfig({}), 0);
  }

  #accept(config: Config, revision: number): void {
    const same = isDeepStrictEqual(config, this.#config);
    this.#config = config;
    this.#revision = revision;
    if (!same) this.#listener.changed(config);
  }

  #unreadable(reason: string): void {
    if (this.#judged === reason) return;
    this.#judged = reason;
    this.#listener.refused([{ field: "config", problem: `cannot be read: ${reason}` }]);
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(job);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
