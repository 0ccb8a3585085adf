import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServiceBroker } from "moleculer";
import type { Result } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import relation from "../../services/relation/relation.service.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { by } from "../support/video-cards.ts";

/** What follows have to be on every database. `setUp` answers a node's environment. */
export function relationsContract(
  name: string,
  setUp: (t: TestContext) => Promise<Record<string, string>>,
): void {
  const node = async (t: TestContext) =>
    startNode(t, { services: [relation, people(1, 2, 3, 4)], env: await setUp(t) });
  const follow = (broker: ServiceBroker, user: number, to_user_id: number) =>
    call(broker, "relation.follow", { to_user_id }, by(user));
  const unfollow = (broker: ServiceBroker, user: number, to_user_id: number) =>
    call(broker, "relation.unfollow", { to_user_id }, by(user));
  const counts = async (broker: ServiceBroker, viewer: number, ...user_ids: number[]) =>
    short(await call(broker, "relation.counts", { viewer, user_ids }));
  const list = async (
    broker: ServiceBroker,
    which: "following" | "followers" | "friends",
    user_id: number,
  ) => (await call(broker, `relation.${which}`, { user_id })).user_ids;

  describe(`follows: ${name}`, () => {
    it("are counted on both sides, and known to who follows", async (t) => {
      const broker = await node(t);
      await follow(broker, 1, 2);
      await follow(broker, 3, 2);
      await follow(broker, 2, 1);
      assert.deepEqual(await counts(broker, 1, 2, 1, 3, 999), [
        "2 follows 1, is followed by 2, by the viewer too",
        "1 follows 1, is followed by 1",
        "3 follows 1, is followed by 0",
        "999 follows 0, is followed by 0",
      ]);
      assert.deepEqual(await counts(broker, 0, 2), ["2 follows 1, is followed by 2"]);
    });

    it("may begin and end twice", async (t) => {
      const broker = await node(t);
      await follow(broker, 1, 2);
      await follow(broker, 1, 2);
      assert.deepEqual(await counts(broker, 3, 1, 2), [
        "1 follows 1, is followed by 0",
        "2 follows 0, is followed by 1",
      ]);
      await unfollow(broker, 1, 2);
      await unfollow(broker, 1, 2);
      assert.deepEqual(await counts(broker, 1, 1, 2), [
        "1 follows 0, is followed by 0",
        "2 follows 0, is followed by 0",
      ]);
    });

    it("of the same pair, all at once, are one", async (t) => {
      const broker = await node(t);
      await Promise.all(Array.from({ length: 30 }, () => follow(broker, 1, 2)));
      assert.deepEqual(await counts(broker, 0, 2), ["2 follows 0, is followed by 1"]);
      await Promise.all(Array.from({ length: 30 }, () => unfollow(broker, 1, 2)));
      assert.deepEqual(await counts(broker, 0, 2), ["2 follows 0, is followed by 0"]);
    });

    it("are listed by when they began, the latest first; mutual ones are friends", async (t) => {
      const broker = await node(t);
      for (const [follower, followee] of [
        [1, 2],
        [1, 3],
        [1, 4],
        [3, 1],
        [2, 1],
      ] as const)
        await follow(broker, follower, followee);
      await unfollow(broker, 1, 2);
      await follow(broker, 1, 2);
      assert.deepEqual(await list(broker, "following", 1), [2, 4, 3]);
      assert.deepEqual(await list(broker, "followers", 1), [2, 3]);
      assert.deepEqual(await list(broker, "friends", 1), [2, 3]);
      assert.deepEqual(await list(broker, "friends", 4), []);
      assert.deepEqual(await list(broker, "following", 999), []);
    });

    it("can be asked for one by one", async (t) => {
      const broker = await node(t);
      await follow(broker, 1, 2);
      const follows = (follower: number, followee: number) =>
        call(broker, "relation.follows", { follower, followee });
      assert.deepEqual(await follows(1, 2), { follows: true });
      assert.deepEqual(await follows(2, 1), { follows: false });
    });

    it("are named with their counts where the viewer's own are asked for", async (t) => {
      const broker = await node(t);
      await follow(broker, 1, 2);
      await follow(broker, 1, 3);
      const asked = { viewer: 1, user_ids: [2] };
      const named = await call(broker, "relation.counts", { ...asked, following: true });
      assert.deepEqual(named.following, [3, 2]);
      assert.ok(!("following" in (await call(broker, "relation.counts", asked))));
    });

    it("of oneself, of somebody unknown, or by nobody are refused", async (t) => {
      const broker = await node(t);
      for (const change of [follow, unfollow]) {
        await assert.rejects(change(broker, 1, 1), { type: "NOT_WITH_ONESELF" });
        await assert.rejects(change(broker, 1, 5), { type: "USER_NOT_FOUND" });
        await assert.rejects(change(broker, 5, 1), { type: "USER_NOT_FOUND" });
      }
      await assert.rejects(call(broker, "relation.follow", { to_user_id: 1 }), {
        type: "NEED_LOGIN",
      });
      for (const to_user_id of [0, -1, 1.5, 2 ** 53, "1"])
        await assert.rejects(follow(broker, 1, to_user_id as number), { type: "VALIDATION_ERROR" });
    });

    it("are current for who reads after writing, with a cache between", async (t) => {
      const broker = await startNode(t, {
        services: [relation, people(1, 2, 3, 4)],
        env: await setUp(t),
        options: { cacher: "Memory" },
      });
      for (let user = 2; user <= 4; user++) {
        for (const _ of [1, 2])
          assert.deepEqual(await counts(broker, 0, 1), [`1 follows 0, is followed by ${user - 2}`]);
        await follow(broker, user, 1);
      }
      await unfollow(broker, 3, 1);
      assert.deepEqual(await counts(broker, 4, 1), [
        "1 follows 0, is followed by 2, by the viewer too",
      ]);
      assert.deepEqual(await counts(broker, 3, 1), ["1 follows 0, is followed by 2"]);
    });

    it("are counted with one query, for however many", async (t) => {
      const broker = await node(t);
      await follow(broker, 1, 2);
      let queries = 0;
      const { options } = runtimeOf(broker).database as unknown as {
        options: { logging: false | (() => void) };
      };
      options.logging = () => {
        queries += 1;
      };
      await counts(broker, 1, 1, 2, 3, 4);
      assert.equal(queries, 1);
    });
  });
}

function short({ users }: Result<"relation.counts">): string[] {
  return users.map(
    ({ user_id, follow_count, follower_count, is_follow }) =>
      `${user_id} follows ${follow_count}, is followed by ${follower_count}${is_follow ? ", by the viewer too" : ""}`,
  );
}
