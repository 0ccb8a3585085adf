import { type Etcd3, isRecoverableError } from "etcd3";
import { watchKey } from "../../lib/etcd/watch-key.ts";
import {
  ConfigConflict,
  type ConfigStore,
  ConfigUnavailable,
  type StoredConfig,
} from "./config-store.ts";

const KEY = "molimoli/config";
/** How often etcd is asked all the same, in ms: a watch can be dead and not know it. */
const POLL_MS = 5_000;

/**
 * Keeps the configuration under one key of etcd, for any number of nodes. The revision is etcd's
 * `mod_revision`, which grows with every write.
 */
export class EtcdConfigStore implements ConfigStore {
  readonly #etcd: Etcd3;
  readonly #key: string;
  #unwatch = (): void => {};
  #poll: NodeJS.Timeout | undefined;

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
    this.#unwatch = watchKey(this.#etcd, this.#key, onChange);
    this.#poll = setInterval(onChange, POLL_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    this.#unwatch();
    this.#etcd.close();
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
