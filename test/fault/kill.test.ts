import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chance } from "../support/chance.ts";
import { cleanUp } from "../support/cleanup.ts";
import { Follower } from "../support/follower.ts";
import { unlimited } from "../support/limits.ts";

import { startServer } from "../support/server.ts";
import {
  type Account,
  type Address,
  history,
  openShow,
  say,
  sayAccepted,
} from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const KILLS = 20;
const SENDERS = 10;
const FOLLOWERS = 6;
/** How soon a sender whose server does not answer tries again, in milliseconds. */
const RETRY_MS = 20;

/** Says one thing after the other, also while the server comes and goes. */
class Sender {
  /** Contents by id of all messages that were answered with 200. */
  readonly accepted = new Map<number, string>();
  unanswered = 0;
  refused = 0;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(server: Address, account: Account, liveId: number) {
    this.running = this.run(server, account, liveId);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(server: Address, account: Account, liveId: number): Promise<void> {
    // A message whose fate is unknown is not repeated: each content is sent once.
    for (let n = 1; !this.stopped; n++) {
      const content = `${account.name} says no. ${n}`;
      const said = await say(server, account, liveId, content).catch(() => null);
      if (said?.id) this.accepted.set(said.id, content);
      else await pause(RETRY_MS);
      if (said === null) this.unanswered++;
      else if (said.id === null) this.refused++;
    }
  }
}

test("20 times kill -9: every message answered with 200 is in history once, and seen once by all who resume", async (t) => {
  const random = chance(t);
  let server = await startServer(t, { config: unlimited });
  const address: Address = server;
  const { liveId, owner, speakers } = await openShow(server, SENDERS);
  const first = await sayAccepted(server, owner, liveId, "the first");
  const followers = Array.from({ length: FOLLOWERS }, (_, n) => {
    const follower = new Follower({
      port: server.port,
      liveId,
      cursor: first,
      connection: () => ({ gzip: n % 2 === 1 }),
    });
    cleanUp(t, () => follower.stop());
    return follower;
  });
  const senders = speakers.map((account) => new Sender(address, account, liveId));
  cleanUp(t, () => Promise.all(senders.map((sender) => sender.stop())));
  const acceptedCount = () => senders.reduce((sum, { accepted }) => sum + accepted.size, 0);

  for (let kill = 1; kill <= KILLS; kill++) {
    const enough = acceptedCount() + random.whole(20, 80);
    await waitFor(() => acceptedCount() >= enough, {
      timeoutMs: 20_000,
      intervalMs: 1,
      message: `messages to be accepted before kill no. ${kill}`,
    });
    server.process.child.kill("SIGKILL");
    await server.process.ended;
    server = await server.again();
  }
  await Promise.all(senders.map((sender) => sender.stop()));
  const last = await sayAccepted(server, owner, liveId, "the last");
  await waitFor(() => followers.every(({ cursor }) => cursor >= last), {
    timeoutMs: 10_000,
    message: "every follower to see the last message",
  });
  await Promise.all(followers.map((follower) => follower.stop()));

  const kept = await history(server, liveId);
  const ids = kept.map(({ id }) => id);
  t.diagnostic(
    `${kept.length} messages kept, ${acceptedCount()} answered with 200, ` +
      `${senders.reduce((sum, sender) => sum + sender.unanswered, 0)} without an answer, ` +
      `${senders.reduce((sum, sender) => sum + sender.refused, 0)} refused`,
  );

  assert.deepEqual(ids, ascending(ids), "history has every id once, in ascending order");
  const contents = new Map(kept.map(({ id, content }) => [id, content]));
  assert.equal(new Set(contents.values()).size, kept.length, "nothing is kept twice");
  for (const { accepted } of senders)
    for (const [id, content] of accepted)
      assert.equal(contents.get(id), content, `message ${id} was answered with 200`);
  const unknown = kept.length - acceptedCount() - 2;
  assert.ok(unknown >= 0 && unknown <= KILLS * SENDERS, `${unknown} kept without an answer`);

  for (const follower of followers) {
    assert.equal(follower.resets, 0, "the tail reached back far enough for everybody");
    assert.deepEqual(follower.faults, []);
    assert.ok(follower.connections > KILLS, "everybody came back after every kill");
    assert.deepEqual(
      follower.ids,
      ids.slice(1),
      "everything after the first message, once, in order",
    );
  }
});

function ascending(ids: number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
