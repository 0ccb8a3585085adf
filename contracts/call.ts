import type { ActionName, Params, Result } from "./actions.ts";
import type { EventMap, EventName } from "./events.ts";
import type { Caller } from "./objects.ts";

interface CallOptions {
  timeout?: number;
  retries?: number;
  nodeID?: string;
  meta?: Record<string, unknown>;
}

/** A broker or a context: whatever can call and emit. */
interface Messenger {
  call(action: string, params: unknown, options?: object): Promise<unknown>;
}
interface Emitter {
  emit(event: string, payload: unknown, options?: object): Promise<unknown>;
  broadcast(event: string, payload: unknown, options?: object): Promise<unknown>;
}

/** Calls an action; a wrong name, parameter or result does not compile. */
export function call<A extends ActionName>(
  from: Messenger,
  action: A,
  params: Params<A>,
  options?: CallOptions,
): Promise<Result<A>> {
  return from.call(action, params, options) as Promise<Result<A>>;
}

/** Emits to one listener per group; with `groups`, to those groups only. */
export async function emit<E extends EventName>(
  from: Emitter,
  event: E,
  payload: EventMap[E],
  groups?: string[],
): Promise<void> {
  await from.emit(event, payload, groups === undefined ? undefined : { groups });
}

/** Emits to every listener on every node. */
export async function broadcast<E extends EventName>(
  from: Emitter,
  event: E,
  payload: EventMap[E],
): Promise<void> {
  await from.broadcast(event, payload);
}

/** What the gateway puts beside every call. */
export interface CallMeta {
  user?: Caller | null;
  /** Address of the client, for rate limits. */
  ip?: string;
}
