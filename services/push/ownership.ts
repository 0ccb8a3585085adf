import { holdLease } from "../../lib/lease/held-lease.ts";
import type { LeaseStore } from "../../lib/lease/lease-store.ts";

/** How long a room stays its owner's after the last sign of life: what a takeover waits at most. */
export const LEASE_MS = 2_000;

/** The right to be the one who runs a room. */
export interface Hold {
  /** Grows from owner to owner; what outlives an owner refuses lower ones. */
  readonly token: number;
  /** To be asked right before anything that only the owner may do. */
  isHeld(): boolean;
  release(): Promise<void>;
}

/** Another node runs the room; null: nobody knows which. */
export class OwnedElsewhere extends Error {
  readonly nodeId: string | null;

  constructor(nodeId: string | null) {
    super(`the room is run by ${nodeId ?? "another node"}`);
    this.name = "OwnedElsewhere";
    this.nodeId = nodeId;
  }
}

export interface Ownership {
  /**
   * Becomes the owner of a room.
   *
   * @param lost called when it has become another's; never after `release`
   * @throws OwnedElsewhere, and what the store of leases throws
   */
  claim(liveId: number, lost: () => void): Promise<Hold>;
}

/** A node in one of its lives, as a broker is. */
export interface NodeLife {
  nodeID: string;
  instanceID: string;
}

/** In one process nobody else can own anything. */
export const soleOwnership: Ownership = {
  claim: async () => ({ token: 0, isHeld: () => true, release: async () => {} }),
};

/**
 * Owners among nodes. Moleculer's Shard strategy sends the calls for a room to one node, but nodes see
 * each other come and go at different moments, and one that was stopped for a while knows nothing of
 * it: only who holds the room's lease is its owner.
 */
export function leasedOwnership(leases: LeaseStore, node: NodeLife): Ownership {
  // Also a node that is started again under the same name is another owner, and so is a room here
  // that wakes up while the one before is still letting go.
  const self = `${node.nodeID}/${node.instanceID}`;
  let claims = 0;
  return {
    async claim(liveId, lost) {
      const name = `room:${liveId}`;
      const holder = `${self}/${++claims}`;
      const lease = await holdLease(leases, name, holder, { ttlMs: LEASE_MS, onLost: lost });
      if (lease !== null) return lease;
      const current = await leases.current(name);
      throw new OwnedElsewhere(current === null ? null : nodeOf(current.holder));
    },
  };
}

function nodeOf(holder: string): string {
  return holder.slice(0, holder.indexOf("/"));
}
