import type { Params, Result } from "../../contracts/actions.ts";
import { type EligibilityPorts, excludedFrom } from "./eligibility.ts";
import type { EntryStore } from "./entry-store.ts";
import type { Lottery } from "./lottery.ts";

export interface KeywordPorts extends EligibilityPorts {
  entries: Pick<EntryStore, "add">;
  /**
   * An id below which the room's history is complete: everything that was accepted before can be
   * read, and whatever is accepted later has a higher id. With the time by the room's clock.
   */
  fence(liveId: number): Promise<Result<"push.fence">>;
  said(asked: Params<"message.said">): Promise<Result<"message.said">>;
}

/** How far a search came. */
export interface Searched {
  /** The last id looked at. */
  upTo: number;
  /** Whether nothing can be said any more that would count. */
  complete: boolean;
}

/**
 * Enters everybody who said the keyword between the lottery's creation and its close. The durable
 * history of the room is what counts, not what some process heard of it: a danmaku that was answered
 * enters its sender, whatever dies next.
 *
 * Only what came since the last search is looked at, and at first since the fence that the lottery was
 * created behind. The close goes by the second in which the room accepted a message, not by the time in
 * its id: a node that has just taken a worker number over makes ids that are some seconds ahead of the
 * clock.
 */
export async function enterBySaying(lottery: Lottery, ports: KeywordPorts): Promise<Searched> {
  const { id: upTo, now_ms } = await ports.fence(lottery.live_id);
  // A room's clock that is behind ours may still accept messages of before the close.
  const complete = now_ms >= lottery.close_ms;
  const before = Math.ceil(lottery.close_ms / 1000);
  let after: number | null = lottery.scanned;
  while (after !== null && after < upTo) {
    const { live_id, condition } = lottery;
    const page: Result<"message.said"> = await ports.said({
      live_id,
      content: condition.value,
      after,
      up_to: upTo,
      before,
    });
    const senders = new Map(page.senders.map((sender) => [sender.user_id, sender]));
    const excluded = await excludedFrom(lottery, [...senders.keys()], ports);
    for (const id of excluded.keys()) senders.delete(id);
    await ports.entries.add(lottery.id, [...senders.values()]);
    after = page.next;
  }
  return { upTo, complete };
}
