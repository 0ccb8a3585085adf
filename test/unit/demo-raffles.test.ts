import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewGift } from "../../contracts/lottery.ts";
import type { Bot } from "../../scripts/demo/bot.ts";
import { holdRaffles } from "../../scripts/demo/raffles.ts";

/** What a streamer and one viewer do in a demo, one raffle long. */
async function oneRaffle(random: number): Promise<string[]> {
  const done: string[] = [];
  const over = new AbortController();
  const streamer = {
    hold: async (gift: NewGift, keyword: string | null) => {
      done.push(`hold ${gift.live_id} ${keyword === null ? "" : "for a word"}`.trim());
      return 11;
    },
  };
  const viewer = {
    join: async (id: number) => {
      done.push(`join ${id}`);
      over.abort();
    },
    say: async (liveId: number) => {
      done.push(`say in ${liveId}`);
      over.abort();
      return true;
    },
  };
  await holdRaffles({
    liveId: 7,
    streamer: streamer as unknown as Bot,
    bots: [viewer as unknown as Bot],
    signal: over.signal,
    random: () => random,
    firstMs: 0,
    lastsSeconds: 0,
  });
  return done;
}

test("viewers join a raffle by the button, or by its word", async () => {
  assert.deepEqual(await oneRaffle(0.55), ["hold 7", "join 11"]);
  assert.deepEqual(await oneRaffle(0.3), ["hold 7 for a word", "say in 7"]);
});
