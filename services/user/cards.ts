import type { FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import type { CardRow } from "./user.ts";

/** The cards of those accounts that exist, in the order of their ids; at most one query. */
export async function findCards(
  ids: readonly number[],
  cached: FleetingCache<CardRow>,
  read: (ids: number[]) => Promise<CardRow[]>,
): Promise<CardRow[]> {
  const { found, missing, keep } = await cached.lookUp(ids);
  if (missing.length > 0) {
    const loaded = new Map((await read(missing)).map((card) => [card.id, card]));
    keep(loaded);
    for (const [id, card] of loaded) found.set(id, card);
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
