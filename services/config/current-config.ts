import { isDeepStrictEqual } from "node:util";
import { type Config, defaultConfig } from "../../contracts/config.ts";
import { type FieldProblem, fail } from "../../contracts/errors.ts";
import {
  type ConfigDocument,
  checkConfig,
  readConfig,
  withValue,
  writeConfig,
} from "./config-rules.ts";
import { ConfigConflict, ConfigUnavailable, type StoredConfig } from "./config-store.ts";
import type { LastKnownConfig } from "./last-known-config.ts";
import type { ConfigPlace } from "./open-config-store.ts";

/** Writers that come first are let by this often before `set` gives up. */
const ATTEMPTS = 5;

export interface ConfigListener {
  /** Another configuration is valid from now on. */
  changed(config: Config, revision: number): void;
  /** What is stored is no configuration; the last good one stays. Told once for each such text. */
  refused(problems: FieldProblem[]): void;
  /** The store does not answer, or nothing can be remembered; in a sentence. Told once. */
  troubled(sentence: string): void;
  /** The store answers again. */
  recovered(): void;
}

/**
 * The configuration that is in force: the last valid one that the store held; before there was any,
 * the one that was last known on this node, or the defaults. Reading anew and changing happen one
 * after the other.
 */
export class CurrentConfig {
  readonly #store: ConfigPlace["store"];
  readonly #lastKnown: LastKnownConfig | null;
  readonly #listener: ConfigListener;
  #config: Config = defaultConfig;
  #revision = 0;
  #confirmed = false;
  #away = false;
  #stopped = false;
  /** The revision, or the failure, that was judged last. */
  #judged: number | string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** A reading that has not begun yet serves everyone who asks for one. */
  #nextReading: Promise<void> | null = null;

  constructor({ store, lastKnown }: ConfigPlace, listener: ConfigListener) {
    this.#store = store;
    this.#lastKnown = lastKnown;
    this.#listener = listener;
  }

  /** The configuration in force and the revision it was stored under (0: defaults, none stored). */
  get(): { config: Config; revision: number } {
    return { config: this.#config, revision: this.#revision };
  }

  /** Whether the configuration in force was read from the store, and is not merely remembered. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /**
   * Reads the store, creates an empty document if there is none, and follows its changes. A store
   * that does not answer is not waited for.
   *
   * @throws Error with a sentence for people when the store cannot be read
   */
  async start(): Promise<void> {
    try {
      await this.#inTurn(() => this.#begin());
      this.#store.watch(() => void this.reload());
    } catch (error) {
      await this.#store.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#store.close();
    await this.#turn;
  }

  /** Applies what is stored now, if it differs from what was read before. Never throws. */
  reload(): Promise<void> {
    this.#nextReading ??= this.#inTurn(async () => {
      this.#nextReading = null;
      try {
        // Once it was there, its absence is somebody's will.
        const stored = await (this.#confirmed ? this.#store.load() : this.#loadOrCreate());
        if (this.#away) this.#listener.recovered();
        this.#away = false;
        await this.#judge(stored);
      } catch (error) {
        // What was under way when the store was closed.
        if (!this.#stopped) this.#unreadable(error as Error);
      }
    });
    return this.#nextReading;
  }

  /**
   * Changes one value, e.g. `limiter.room_rate`, in the store and in force.
   *
   * @throws BAD_REQUEST that names each bad key, also when it is the stored document that is bad:
   *   a file that someone is mending is not overwritten
   * @throws UNAVAILABLE when the store does not answer, or others keep writing first
   */
  set(path: string, value: unknown): Promise<{ config: Config; revision: number }> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await this.#store.load().catch(asUnavailable);
        const before = readConfig(stored.text);
        if (before.problems !== undefined) fail("BAD_REQUEST", { fields: before.problems });
        const after = checkConfig(withValue(before.document, path, value));
        if (after.problems !== undefined) fail("BAD_REQUEST", { fields: after.problems });
        const revision = await this.#save(writeConfig(after.document), stored.revision).catch(
          asUnavailable,
        );
        if (revision === null) continue;
        this.#judged = revision;
        await this.#accept(after, revision);
        return this.get();
      }
      fail("UNAVAILABLE");
    });
  }

  async #begin(): Promise<void> {
    try {
      await this.#judge(await this.#loadOrCreate());
      if (!this.#confirmed) await this.#recall();
    } catch (error) {
      if (!(error instanceof ConfigUnavailable)) throw error;
      this.#away = true;
      const known = await this.#recall();
      this.#listener.troubled(`${error.message}; starting with ${known}.`);
    }
  }

  /** Another node may create it first: whose document it is does not matter. */
  async #loadOrCreate(): Promise<StoredConfig> {
    const stored = await this.#store.load();
    if (stored.text !== null) return stored;
    await this.#save(writeConfig({}), 0);
    return await this.#store.load();
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

  async #judge({ text, revision }: StoredConfig): Promise<void> {
    if (revision === this.#judged) return;
    this.#judged = revision;
    const reading = readConfig(text);
    if (reading.problems !== undefined) this.#listener.refused(reading.problems);
    else await this.#accept(reading, revision);
  }

  async #accept(
    { config, document }: { config: Config; document: ConfigDocument },
    revision: number,
  ): Promise<void> {
    this.#confirmed = true;
    this.#putInForce(config, revision);
    await this.#lastKnown?.write(document, revision).catch((error: Error) => {
      this.#listener.troubled(`The configuration could not be remembered: ${error.message}.`);
    });
  }

  #putInForce(config: Config, revision: number): void {
    const same = isDeepStrictEqual(config, this.#config);
    this.#config = config;
    this.#revision = revision;
    if (!same) this.#listener.changed(config, revision);
  }

  /** Puts in force what was last known on this node; says in words what that is. */
  async #recall(): Promise<string> {
    const known = (await this.#lastKnown?.read()) ?? null;
    const reading = known === null ? null : checkConfig(known.document);
    if (known === null || reading === null || reading.problems !== undefined)
      return "the defaults, since no earlier configuration is known here";
    this.#config = reading.config;
    this.#revision = known.revision;
    return `the configuration that was last known here, revision ${known.revision}`;
  }

  #unreadable(error: Error): void {
    if (error instanceof ConfigUnavailable) {
      if (!this.#away)
        this.#listener.troubled(`${error.message}; the configuration stays as it is.`);
      this.#away = true;
      return;
    }
    if (this.#judged === error.message) return;
    this.#judged = error.message;
    this.#listener.refused([{ field: "config", problem: `cannot be read: ${error.message}` }]);
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(job);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** For clients of `set`: the store's own words are in this node's log. */
function asUnavailable(error: unknown): never {
  if (error instanceof ConfigUnavailable) fail("UNAVAILABLE");
  throw error;
}
