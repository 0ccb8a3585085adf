import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DouyinUser } from "../../../contracts/short-video.ts";
import { api, bystander, everyWay, follow, type Member, NOBODY, newMember } from "./suite.ts";

const ACTION = "POST /douyin/relation/action/";

async function userOf(viewer: Member, { user_id }: Member): Promise<DouyinUser> {
  const sent = { token: viewer.token, query: { user_id } };
  return (await api.ok<{ user: DouyinUser }>("GET /douyin/user/", sent)).user;
}

async function listOf(list: string, { user_id, token }: Member): Promise<DouyinUser[]> {
  const path = `GET /douyin/relation/${list}/list/`;
  return (await api.ok<{ user_list: DouyinUser[] }>(path, { query: { user_id, token } })).user_list;
}

describe(ACTION, () => {
  it("follows and unfollows, however it is asked", async () => {
    const [star, fan] = [await newMember(), await newMember()];
    for (const [action_type, count] of [
      [1, 1],
      [2, 0],
    ]) {
      await everyWay(ACTION, () => ({ token: fan.token, to_user_id: star.user_id, action_type }));
      const { follower_count, is_follow } = await userOf(fan, star);
      assert.deepEqual([follower_count, is_follow], [count, count === 1]);
      assert.equal((await userOf(star, fan)).follow_count, count);
    }
  });

  it("refuses oneself and people who are not there", async () => {
    const { token, user_id } = bystander;
    for (const action_type of [1, 2]) {
      const answer = await api.refused(ACTION, "NOT_WITH_ONESELF", {
        query: { token, to_user_id: user_id, action_type },
      });
      assert.deepEqual([answer.status, answer.code], [200, 40070]);
      const query = { token, to_user_id: NOBODY, action_type };
      await api.refused(ACTION, "USER_NOT_FOUND", { query });
    }
  });

  it("names what is missing or wrong", async () => {
    const { token } = bystander;
    for (const [fields, said] of [
      [{ action_type: 1 }, "to_user_id is missing"],
      [{ to_user_id: 2 ** 53, action_type: 1 }, "to_user_id must be"],
      [{ to_user_id: NOBODY, action_type: 3 }, "action_type must be one of 1, 2"],
      [{ to_user_id: NOBODY, action_type: "" }, "action_type is missing"],
    ] as const) {
      const { json } = await api.refused(ACTION, "BAD_REQUEST", { token, json: fields });
      assert.ok(String(json?.status_msg).includes(said), JSON.stringify(json));
    }
  });
});

describe("lists of follows", () => {
  it("have the latest first, as the caller sees them, however they are asked for", async () => {
    const [me, a, b] = [await newMember(), await newMember(), await newMember()];
    await follow(me, a);
    await follow(me, b);
    await follow(a, me);
    await follow(bystander, b);
    const names = (users: DouyinUser[]) => users.map(({ name }) => name);
    assert.deepEqual(names(await listOf("follow", me)), [b.username, a.username]);
    assert.deepEqual(names(await listOf("follower", me)), [a.username]);
    for (const list of ["follow", "follower"])
      for (const { user_list } of await everyWay<{ user_list: DouyinUser[] }>(
        `GET /douyin/relation/${list}/list/`,
        () => ({ token: bystander.token, user_id: me.user_id }),
      ))
        for (const { id, is_follow } of user_list) assert.equal(is_follow, id === b.user_id);
  });
});
