import { errorName, ProductError } from "../../contracts/errors.ts";
import { LEASE_MS, OwnedElsewhere } from "./ownership.ts";

/** A room whose owner was killed is free after its lease, and others have noticed by then. */
const PATIENCE_MS = LEASE_MS + 1_500;
/** Between two looks for the owner. */
const LOOK_EVERY_MS = 100;

/**
 * Why a call certainly did nothing: it may be made again, here or elsewhere. Travels in `data`, since
 * of an error only that, its type and its code reach another node.
 */
export function undone(): ProductError {
  return new ProductError("UNAVAILABLE", { retry_after_ms: 1000, undone: true });
}

export interface OwnerPorts<T> {
  /** Does it here; throws OwnedElsewhere when this node may not. */
  here(): Promise<T>;
  /** Has another node do it, which does not pass it on; null when this call was passed on already. */
  there: ((nodeId: string) => Promise<T>) | null;
  /** Doing it twice does no harm. */
  repeatable: boolean;
  now(): number;
  pause(ms: number): Promise<unknown>;
}

/**
 * Has something done by the owner of a room, whoever that is at the moment, and waits for a new one
 * where the old one has just gone. What might have been done already is not done again, unless that
 * does no harm.
 */
export async function atOwner<T>(ports: OwnerPorts<T>): Promise<T> {
  const giveUpMs = ports.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await once(ports);
    } catch (error) {
      if (!mayRepeat(error, ports.repeatable)) throw error;
      if (ports.there === null || ports.now() >= giveUpMs) throw unavailable(error);
    }
    await ports.pause(LOOK_EVERY_MS);
  }
}

async function once<T>({ here, there }: OwnerPorts<T>): Promise<T> {
  try {
    return await here();
  } catch (error) {
    if (!(error instanceof OwnedElsewhere) || error.nodeId === null || there === null) throw error;
    return there(error.nodeId);
  }
}

/** Moleculer's word for a node that it does not know, or that does not have the service. */
const NOBODY_THERE = new Set<unknown>(["SERVICE_NOT_FOUND", "SERVICE_NOT_AVAILABLE"]);
/** Moleculer's words for a call whose node vanished, or did not answer. */
const UNANSWERED = new Set<unknown>(["REQUEST_REJECTED", "REQUEST_TIMEOUT", "INVALID_ENDPOINT"]);

function mayRepeat(error: unknown, repeatable: boolean): boolean {
  if (error instanceof OwnedElsewhere) return true;
  const { type, data } = error as { type?: unknown; data?: { undone?: unknown } | null };
  if (NOBODY_THERE.has(type) || data?.undone === true) return true;
  return repeatable && UNANSWERED.has(type);
}

/** What a caller is told who need not know about owners. */
function unavailable(error: unknown): unknown {
  return errorName(error) === null ? undone() : error;
}
