import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createConnection } from "mysql2/promise";
import { connect } from "nats";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { natsOptions } from "../../lib/nats/options.ts";
import { chance } from "../support/chance.ts";
import { cleanUp } from "../support/cleanup.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], n1: ["push", ...REST], n2: ["push", ...REST] },
});
const { env, mariadb } = cluster.servers;
/** Of the namespace of all nodes, and the channel. */
const SUBJECT = "molimoli.danmaku";
const ROUNDS = 5;

/** What a room's history holds, as it was carried there. */
async function records(liveId: number): Promise<MessageRecord[]> {
  const database = await createConnection(mariadb.url);
  try {
    const [rows] = await database.query("SELECT * FROM messages WHERE live_id = ?", [liveId]);
    return (rows as MessageRecord[]).map((row) => ({ ...row, style: null, data: null }));
  } finally {
    await database.end();
  }
}

test("what was delivered is delivered again and again, in any order, among what is said: exact", async (t) => {
  const random = chance(t);
  const nats = await connect(natsOptions(env.NATS_URL ?? ""));
  cleanUp(t, () => nats.close());
  const stream = nats.jetstream();
  const load = await Load.start(scope, cluster);
  let copies = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    await load.more(50);
    const past = await records(load.show.liveId);
    assert.ok(past.length > 0);
    const shuffled = past.toSorted(() => random.next() - 0.5);
    while (shuffled.length > 0) {
      const some = shuffled.splice(0, random.whole(1, 20));
      await stream.publish(SUBJECT, JSON.stringify(some));
      copies += some.length;
    }
  }
  await load.more(50);
  const reckoning = await load.exact();
  t.diagnostic(`${copies} copies`);
  told(t, reckoning);
  assert.deepEqual(reckoning.refused, []);
});
