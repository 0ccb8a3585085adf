import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { ServiceBroker } from "moleculer";
import { QueryTypes } from "sequelize";
import { call } from "../../contracts/call.ts";
import relation from "../../services/relation/relation.service.ts";
import { relationsContract } from "../contract/relations.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { by } from "../support/video-cards.ts";

const open = mariadbForEach({ after });

relationsContract("MariaDB", async (t) => (await open(t)).env);

const PEOPLE = Array.from({ length: 12 }, (_, n) => n + 1);
const WRITES = 1_500;
const AT_ONCE = 24;

it("counts of follows that begin and end at random on two nodes equal their rows", async (t) => {
  const { env, database } = await open(t);
  const services = [relation, people(...PEOPLE)];
  const nodes = [await startNode(t, { services, env }), await startNode(t, { services, env })];
  const random = seededRandom(7);
  const one = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;

  let writes = 0;
  const work = async () => {
    while (writes++ < WRITES) {
      const [follower, to_user_id] = [one(PEOPLE), one(PEOPLE)];
      if (follower === to_user_id) continue;
      const action = random() < 0.55 ? "relation.follow" : "relation.unfollow";
      await call(one<ServiceBroker>(nodes), action, { to_user_id }, by(follower));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  const rows = await database.query<{ follower: number; followee: number }>(
    "SELECT follower, followee FROM relations",
    { type: QueryTypes.SELECT },
  );
  assert.ok(rows.length > 10);
  const { users } = await call(nodes[0] as ServiceBroker, "relation.counts", {
    user_ids: PEOPLE,
    viewer: 1,
  });
  const expected = PEOPLE.map((user_id) => ({
    user_id,
    follow_count: rows.filter(({ follower }) => follower === user_id).length,
    follower_count: rows.filter(({ followee }) => followee === user_id).length,
    is_follow: rows.some(({ follower, followee }) => follower === 1 && followee === user_id),
  }));
  assert.deepEqual(users, expected);
});
