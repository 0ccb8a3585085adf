import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { ServiceBroker } from "moleculer";
import { QueryTypes } from "sequelize";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import favorite from "../../services/favorite/favorite.service.ts";
import { startNode } from "../support/node.ts";
import { startStack } from "../support/stack.ts";
import { by, videoCards } from "../support/video-cards.ts";

const scope = { after };

describe("counts of likes on two nodes", async () => {
  const stack = await startStack(scope, { mariadb: true, redis: true });
  const start = () =>
    startNode(scope, { services: [favorite, videoCards(5, () => 100)], env: { ...stack.env } });
  const [one, other] = [await start(), await start()];

  const counts = async (broker: ServiceBroker, video_id: number) => {
    const asked = { viewer: 0, video_ids: [video_id], user_ids: [100] };
    const { videos, users } = await call(broker, "favorite.counts", asked);
    return [videos[0]?.favorite_count, users[0]?.total_favorited];
  };
  const like = (broker: ServiceBroker, video_id: number, user: number) =>
    call(broker, "favorite.like", { video_id }, by(user));

  it("are kept where both find them, and forgotten when either changes them", async () => {
    assert.deepEqual(await counts(one, 1), [0, 0]);
    for (let user = 1; user <= 6; user++) {
      const [writer, reader] = user % 2 === 0 ? [one, other] : [other, one];
      await like(writer, 1, user);
      assert.deepEqual(await counts(reader, 1), [user, user]);
      assert.deepEqual(await counts(writer, 1), [user, user]);
    }
    const keys = await runtimeOf(one).shared?.redis.keys("molimoli:cache:favorite:*");
    assert.ok((keys?.length ?? 0) > 0, "something was kept");
  });

  it("are right without Redis", async () => {
    await stack.redis.kill();
    try {
      await like(one, 2, 9);
      assert.equal((await counts(one, 2))[0], 1);
      assert.equal((await counts(other, 2))[0], 1);
    } finally {
      await stack.redis.start();
    }
  });

  it("are not held up for long by a node that stands still in the middle of a like", async () => {
    const { database } = runtimeOf(other);
    const bounds =
      "SELECT @@idle_write_transaction_timeout AS idle, @@innodb_lock_wait_timeout AS wait";
    const [session] = await database.query<{ idle: number; wait: number }>(bounds, {
      type: QueryTypes.SELECT,
    });
    assert.ok(session && session.idle > 0 && session.idle < session.wait, JSON.stringify(session));

    const standing = await database.transaction();
    try {
      const say = (sql: string) => database.query(sql, { transaction: standing });
      await say("SET SESSION idle_write_transaction_timeout = 1");
      await say("UPDATE video_like_counts SET likes = likes + 1 WHERE video_id = 1");
      await like(one, 1, 77);
      assert.equal((await counts(one, 1))[0], 7);
      await assert.rejects(say("SELECT 1"));
    } finally {
      await standing.rollback().catch(() => {});
    }
  });
});
