import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startServer } from "../support/server.ts";
import { ask, openShow, request } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const CLIENTS = 20;
const JOINS = 100;

interface Page {
  ids: number[];
  next_url: string | null;
}

describe("a lottery that everybody joins at its last second", () => {
  it("has exactly those in who were answered with success", async (t) => {
    const server = await startServer(t, {
      config: { gateway: { sign_in_rate: 1_000, sign_in_burst: 1_000 } },
    });
    const { liveId: live_id, owner, speakers } = await openShow(server, CLIENTS);
    const end_time = Math.floor(Date.now() / 1000) + 4;
    const gift = { live_id, gift: "a mug", count: 5, end_time };
    const { id } = await ask<{ id: number }>(server, "POST", "/lottery", { gift }, owner.token);

    const joined = new Set<number>();
    const late = new Set<number>();
    await Promise.all(
      speakers.map(async ({ token, userId }, n) => {
        // The first begins well before the end; some are too late whatever they do.
        await pause(end_time * 1000 - 1_500 + n * 90 - Date.now());
        const statuses = await Promise.all(
          Array.from({ length: JOINS }, async () => {
            const body = { lottery_id: id };
            const answer = await request(server, "POST", "/lottery/entry", body, token);
            return answer.body.base_resp?.status_code;
          }),
        );
        if (statuses.includes(0)) joined.add(userId);
        if (statuses.includes(10021)) late.add(userId);
        assert.deepEqual(
          statuses.filter((status) => status !== 0 && status !== 10021),
          [],
        );
      }),
    );
    assert.ok(joined.size > 0 && late.size > 0, "the end came while they were joining");

    const page = () => request(server, "GET", `/lottery/entrants?id=${id}`);
    await waitFor(async () => (await page()).status === 200, {
      message: "the draw",
      timeoutMs: 20_000,
    });
    const { ids, next_url } = (await page()).body as unknown as Page;
    assert.equal(next_url, null);
    assert.deepEqual(
      ids,
      [...joined].sort((a, b) => a - b),
    );
  });
});
