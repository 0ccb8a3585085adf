import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { errors } from "../../contracts/errors.ts";
import { startServer } from "../support/server.ts";
import { ask, openShow, request } from "../support/show.ts";
import { signAs } from "../support/tokens.ts";
import { waitFor } from "../support/wait-for.ts";

const CLIENTS = 20;
/** Requests that a client has under way at a time. */
const JOINS = 25;
/** Clients that do not wait for the last second. */
const EARLY = 3;
const CLOSED = errors.LOTTERY_CLOSED.live;

interface Page {
  ids: number[];
  next_url: string | null;
}

describe("a lottery that everybody joins at its last second", () => {
  it("has exactly those in who were answered with success", async (t) => {
    const server = await startServer(t);
    const { liveId: live_id, owner } = await openShow(server, 0);
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, n) => {
        const user_id = n + 1;
        const token = await signAs(
          server.dataDir,
          { user_id, session_id: user_id },
          Date.now(),
          600,
        );
        return { user_id, token };
      }),
    );
    const end_time = Math.floor(Date.now() / 1000) + 4;
    const gift = { live_id, gift: "a mug", count: 5, end_time };
    const { id } = await ask<{ id: number }>(server, "POST", "/lottery", { gift }, owner.token);

    const joined = new Set<number>();
    /** Those who were not answered may be in or not: the machine is busy with more than this. */
    const unknown = new Set<number>();
    let late = 0;
    /** Whether the lottery was still open. */
    const join = async ({ user_id, token }: { user_id: number; token: string }) => {
      const body = { lottery_id: id };
      const { status, body: answer } = await request(server, "POST", "/lottery/entry", body, token);
      const code = answer.base_resp?.status_code;
      if (code === 0) joined.add(user_id);
      else if (code === CLOSED) late++;
      else if (status === 503) unknown.add(user_id);
      else assert.fail(JSON.stringify(answer));
      return code !== CLOSED;
    };
    await Promise.all(
      clients.map(async (client, n) => {
        // Some begin at once, some are too late whatever they do; all go on until they are told so.
        if (n >= EARLY) await pause(end_time * 1000 - 1_500 + n * 90 - Date.now());
        const open = () => Promise.all(Array.from({ length: JOINS }, () => join(client)));
        while ((await open()).every(Boolean));
      }),
    );
    t.diagnostic(
      `${joined.size} joined, ${unknown.size} were not answered, ${late} answers "closed"`,
    );
    assert.ok(joined.size > 0 && late > 0, "the end came while they were joining");

    const page = () => request(server, "GET", `/lottery/entrants?id=${id}&limit=10000`);
    await waitFor(async () => (await page()).status === 200, {
      message: "the draw",
      timeoutMs: 30_000,
    });
    const { ids, next_url } = (await page()).body as unknown as Page;
    assert.equal(next_url, null);
    const certain = ids.filter((user) => joined.has(user) || !unknown.has(user));
    assert.deepEqual(
      certain,
      [...joined].sort((a, b) => a - b),
    );
  });
});
