import type { Exclusion } from "../../contracts/lottery.ts";
import type { Terms } from "./lottery.ts";

/** What has to be known of people beyond the lottery's own terms. */
export interface EligibilityPorts {
  /** Who of some people won one of these lotteries. */
  winnersAmong(lotteryIds: readonly number[], userIds: number[]): Promise<Set<number>>;
  /** When accounts were created, Unix seconds; those that do not exist are left out. */
  createTimes(userIds: number[]): Promise<Map<number, number>>;
}

/**
 * Who of some people may not join, and why. An account's age counts when the lottery was created:
 * none that was made for it gets in, and asking again later has the same answer.
 */
export async function excludedFrom(
  terms: Terms,
  userIds: number[],
  ports: EligibilityPorts,
): Promise<Map<number, Exclusion>> {
  const excluded = new Map<number, Exclusion>();
  const blocked = new Set(terms.blocked);
  for (const id of userIds) if (blocked.has(id)) excluded.set(id, "blocked");
  excluded.set(terms.owner_id, "owner");

  const rest = () => userIds.filter((id) => !excluded.has(id));
  for (const id of await winnersOf(terms, rest(), ports)) excluded.set(id, "won_recently");
  for (const id of await tooNew(terms, rest(), ports)) excluded.set(id, "account_too_new");
  return excluded;
}

async function winnersOf(
  { after_lotteries }: Terms,
  userIds: number[],
  { winnersAmong }: EligibilityPorts,
): Promise<Iterable<number>> {
  if (after_lotteries.length === 0 || userIds.length === 0) return [];
  return winnersAmong(after_lotteries, userIds);
}

async function tooNew(
  { min_account_age, create_ms }: Terms,
  userIds: number[],
  { createTimes }: EligibilityPorts,
): Promise<number[]> {
  if (min_account_age === 0 || userIds.length === 0) return [];
  const created = await createTimes(userIds);
  const latest = create_ms / 1000 - min_account_age;
  return userIds.filter((id) => (created.get(id) ?? Number.POSITIVE_INFINITY) > latest);
}
