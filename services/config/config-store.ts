/** The configuration as it is kept: one text, not checked by anyone yet. */
export interface StoredConfig {
  /** Null when nothing has been stored. */
  text: string | null;
  /** 0 when nothing has been stored; another number for every other text. */
  revision: number;
}

/** Keeps the configuration where operators change it: a file, or a key of a configuration server. */
export interface ConfigStore {
  /**
   * @throws ConfigUnavailable when the store does not answer, though it may later
   * @throws Error with a sentence for people when the store cannot be read
   */
  load(): Promise<StoredConfig>;

  /**
   * Replaces the text, durably and as a whole, if it still has the given revision.
   *
   * @returns the new revision
   * @throws ConfigConflict when someone else wrote since that revision was read
   * @throws ConfigUnavailable when the store does not answer: it is not known whether it has written
   */
  save(text: string, revision: number): Promise<number>;

  /**
   * Says when the stored text may have changed; `load` tells what it is now. May say so too often,
   * never too rarely: also a change between an earlier `load` and this call is told.
   */
  watch(onChange: () => void): void;

  /** Stops watching; nothing is told afterwards. */
  close(): Promise<void>;
}

/** Someone else wrote first: load again and decide anew. */
export class ConfigConflict extends Error {
  constructor() {
    super("the stored configuration was changed by someone else");
    this.name = "ConfigConflict";
  }
}

/** The store does not answer at the moment. The message names it and the reason, in half a sentence. */
export class ConfigUnavailable extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "ConfigUnavailable";
  }
}
