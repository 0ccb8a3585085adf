import assert from "node:assert/strict";
import { after, test } from "node:test";
import { errors } from "../../contracts/errors.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { person, proven } from "../support/lottery/lotteries.ts";
import { type Account, ask, openShow, request, say } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const PEOPLE = 120;
const KEYWORD = "抽我 Pick me";

const cluster = await startCluster(
  { after },
  {
    servers: { mariadb: true, nats: true, redis: true },
    nodes: { a: ["api"], p1: ["push"], p2: ["push"], m1: REST, m2: REST },
  },
);
const { front } = cluster;
const show = await openShow(front, 0);
const { liveId: live_id, owner } = show;

/** Holds a lottery for those who say the keyword. */
async function hold(): Promise<{ id: number; count: number; commitment: string }> {
  const end_time = Math.floor(Date.now() / 1000) + 600;
  const count = 5;
  const gift = { live_id, gift: "a mug", count, end_time };
  const condition = { kind: "keyword", value: KEYWORD };
  const sent = { gift, condition };
  const { id } = await ask<{ id: number }>(front, "POST", "/lottery", sent, owner.token);
  const path = `/lottery/single?id=${id}`;
  const { commitment } = (await ask<{ gift: { commitment: string } }>(front, "GET", path)).gift;
  return { id, count, commitment };
}

/** Ends a lottery. The node that is asked may be the one that is just dying. */
async function drawNow(lottery_id: number): Promise<void> {
  const closed = async () => {
    const answer = await request(front, "POST", "/lottery/draw", { lottery_id }, owner.token);
    return (
      answer.status === 200 || answer.body.base_resp?.status_code === errors.LOTTERY_CLOSED.live
    );
  };
  await waitFor(closed, { timeoutMs: 15_000, message: "the lottery to be closed" });
}

const people = await Promise.all(
  Array.from({ length: PEOPLE }, (_, n) => person(cluster.servers.env.JWT_SECRET ?? "", n + 1)),
);

/** Lets everybody say the keyword once, some at a time; answers who was told that it was accepted. */
async function everybodySays(answered: (so: number) => void): Promise<number[]> {
  const told: number[] = [];
  const waiting = [...people];
  const one = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { id } = await say(front, next as Account, live_id, KEYWORD).catch(() => ({
        id: null,
      }));
      if (id === null) continue;
      told.push(next.userId);
      answered(told.length);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return told;
}

for (const victim of ["the room's owner", "a node with the history and the lotteries"])
  test(`${victim} is killed while people say the keyword: who was answered takes part`, async (t) => {
    const noted = await hold();
    let killing: Promise<unknown> | undefined;
    const kill = async () => {
      const name = victim === "the room's owner" ? await cluster.ownerOf(live_id) : "m1";
      await cluster.node(name).kill();
      return name;
    };
    const told = await everybodySays((so) => {
      if (so === PEOPLE / 3) killing = kill();
    });
    const name = (await killing) as string;
    await drawNow(noted.id);
    const { entrants } = await waitFor(() => proven(front, noted), {
      timeoutMs: 30_000,
      message: "the lottery to be drawn",
    });
    const missing = told.filter((id) => !entrants.includes(id));
    assert.deepEqual(missing, []);
    assert.ok(told.length > PEOPLE / 2, `${told.length} were answered`);
    t.diagnostic(`${told.length} of ${PEOPLE} were answered, ${entrants.length} took part`);
    await cluster.node(name).start();
  });
