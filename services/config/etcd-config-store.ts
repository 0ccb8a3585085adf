import { setTimeout as pause } from "node:timers/promises";
import { type Etcd3, isRecoverableError, type Watcher } from "etcd3";
import {
  ConfigConflict,
  type ConfigStore,
  ConfigUnavailable,
  type StoredConfig,
} from "./config-store.ts";

const KEY = "molimoli/config";
/** From a watch that ended to the next try, in ms. */
const REWATCH_MS = 500;
/** How often etcd is asked all the same, in ms: a watch can be dead and not know it. */
const POLL_MS = 5_000;
/** How long etcd is given to end a watch when the store is closed, in ms. */
const CLOSE_MS = 500;

/**
 * Keeps the configuration under one key of etcd, for any number of nodes. The revision is etcd's
 * `mod_revision`, which grows with every write.
 */
export class EtcdConfigStore implements ConfigStore {
  readonly #etcd: Etcd3;
  readonly #key: string;
  #watcher: Watcher | null = null;
  #rewatch: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param etcd belongs to the store from now on, which closes it */
  constructor(etcd: Etcd3, key = KEY) {
    this.#etcd = etcd;
    this.#key = key;
  }

  async load(): Promise<StoredConfig> {
    const { kvs } = await this.#ask(() => this.#etcd.get(this.#key).exec());
    const [stored] = kvs;
    if (stored === undefined) return { text: null, revision: 0 };
    return { text: stored.value.toString("utf8"), revision: Number(stored.mod_revision) };
  }

  async save(text: string, revision: number): Promise<number> {
    // The mod_revision of an absent key is 0.
    const { succeeded, header } = await this.#ask(() =>
      this.#etcd
        .if(this.#key, "Mod", "==", revision)
        .then(this.#etcd.put(this.#key).value(text))
        .commit(),
    );
    if (!succeeded) throw new ConfigConflict();
    return Number(header.revision);
  }

  watch(onChange: () => void): void {
    const tell = () => {
      if (!this.#closed) onChange();
    };
    this.#follow(tell);
    this.#poll = setInterval(tell, POLL_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rewatch);
    clearInterval(this.#poll);
    await Promise.race([this.#unfollow(), pause(CLOSE_MS, undefined, { ref: false })]);
    this.#etcd.close();
  }

  /**
   * Watches until that fails, and begins anew then. What changed while nobody watched is found by
   * telling at each beginning; a watch that is resumed instead could wait for a revision that an etcd
   * with other data does not reach for years.
   */
  #follow(tell: () => void): void {
    const watcher = this.#etcd.watch().key(this.#key).watcher();
    const again = () => {
      if (this.#watcher !== watcher) return;
      void this.#unfollow();
      // Reading also finds out whether the sign-in has expired; a watch cannot.
      tell();
      this.#rewatch = setTimeout(() => this.#follow(tell), REWATCH_MS).unref();
    };
    watcher.on("connected", tell).on("data", tell).on("disconnected", again).on("error", again);
    this.#watcher = watcher;
  }

  async #unfollow(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = null;
    // etcd that is gone does not have to be told.
    await watcher?.cancel().catch(() => {});
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const reason = (error as Error).message;
      if (isRecoverableError(error as Error))
        throw new ConfigUnavailable(`etcd does not answer (${reason})`, error);
      throw new Error(`etcd refuses (${reason})`, { cause: error });
    }
  }
}
