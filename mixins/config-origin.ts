/** Which config node gave a configuration (null: nobody who is still there), and its revision. */
export interface ConfigOrigin {
  readonly node: string | null;
  readonly revision: number;
}

/**
 * Whether what a config node says replaces what is known.
 *
 * What one node says comes in order, so its latest word counts, whatever the number: a file's revision
 * is no more than a fingerprint, and etcd restored from a backup counts from an earlier one. Between
 * two nodes that read the same etcd the higher revision is the newer one: the slower node must not
 * bring the older back.
 */
export function supersedes(told: ConfigOrigin, known: ConfigOrigin): boolean {
  if (told.revision === known.revision) return false;
  if (known.node === null || told.node === known.node) return true;
  return told.revision > known.revision;
}
