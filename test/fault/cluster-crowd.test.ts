import { after, test } from "node:test";
import { REST, startCluster } from "../support/cluster.ts";
import { Crowd } from "../support/crowd.ts";
import { history, openShow, sayAccepted } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], a2: ["api"], p1: ["push"], m1: REST },
});
const VIEWERS = 5_000;
const MESSAGES = 20;

test("5,000 viewers are cut off at once and come back: all of them, from the tail, without the database, and exact", async (t) => {
  const { mariadb } = cluster.servers;
  const show = await openShow(cluster.front, 0);
  const { liveId, owner } = show;
  const speak = async (what: string) => {
    for (let n = 1; n <= MESSAGES; n++)
      await sayAccepted(cluster.front, owner, liveId, `${what} no. ${n}`);
  };
  const first = await sayAccepted(cluster.front, owner, liveId, "the first");
  const ports = [...cluster.gateways.values()].map(({ port }) => port);
  const crowd = new Crowd(scope, { ports, liveId, size: VIEWERS, cursor: first });
  await crowd.come();
  await speak("while they watch");
  await waitFor(() => crowd.everybodySaw(MESSAGES), {
    timeoutMs: 60_000,
    message: "everybody to see what was said",
  });

  crowd.cut();
  await speak("while they are away");
  // What was accepted is safe in JetStream, and reaches history from there.
  const said = await waitFor(
    async () => {
      const ids = (await history(cluster.front, liveId)).map(({ id }) => id).slice(1);
      return ids.length === 2 * MESSAGES && ids;
    },
    { timeoutMs: 30_000, message: "history to be complete" },
  );
  // Nothing can be read from a database that is not there.
  await mariadb.kill();
  const cutAt = performance.now();
  await crowd.come();
  await waitFor(() => crowd.everybodySaw(2 * MESSAGES), {
    timeoutMs: 60_000,
    message: "everybody to have caught up",
  });
  const [p50, p95, all] = [50, 95, 100].map((percent) => crowd.percentile(percent, cutAt));
  t.diagnostic(`have what they missed after: half ${p50} ms, 95% ${p95} ms, all ${all} ms`);
  crowd.assertSaw(said);
  await mariadb.start();
});
