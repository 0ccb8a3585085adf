import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DouyinFriend, DouyinMessage } from "../../../contracts/short-video.ts";
import { api, everyWay, follow, type Member, NOBODY, newMember, say } from "./suite.ts";

const ACTION = "POST /douyin/message/action/";
const CHAT = "GET /douyin/message/chat/";

async function read(who: Member, other: Member, pre_msg_time?: unknown): Promise<DouyinMessage[]> {
  const query = { token: who.token, to_user_id: other.user_id, pre_msg_time };
  return (await api.ok<{ message_list: DouyinMessage[] }>(CHAT, { query })).message_list;
}

describe(ACTION, () => {
  it("writes to somebody, however it is asked", async () => {
    const [me, you] = [await newMember(), await newMember()];
    const { token } = me;
    const sent: string[] = [];
    await everyWay(ACTION, (way) => {
      sent.push(`你好 by ${way}`);
      return { token, to_user_id: you.user_id, action_type: 1, content: sent.at(-1) };
    });
    const messages = await read(you, me);
    assert.deepEqual(
      messages.map(({ content }) => content),
      sent,
    );
    for (const message of messages) {
      assert.equal(message.from_user_id, me.user_id);
      assert.equal(message.to_user_id, you.user_id);
      assert.ok(Number.isSafeInteger(message.id) && message.create_time > 1.7e12);
    }
  });

  it("refuses oneself, people who are not there, and what nobody can read", async () => {
    const { token, user_id } = await newMember();
    const sent = (to_user_id: unknown, content: unknown) => ({
      json: { token, to_user_id, action_type: 1, content },
    });
    await api.refused(ACTION, "NOT_WITH_ONESELF", sent(user_id, "me"));
    await api.refused(ACTION, "USER_NOT_FOUND", sent(NOBODY, "you"));
    await api.refused(ACTION, "CONTENT_REFUSED", sent(NOBODY, "an Unspeakable word"));
    for (const [to, content, said] of [
      [NOBODY, "", "content must have at least 1 characters"],
      [NOBODY, "   ", "content is blank"],
      [NOBODY, "x".repeat(10_000), "content must have at most 500 characters"],
      [2 ** 53, "x", "to_user_id must be at most 9007199254740991"],
    ]) {
      const { json } = await api.refused(ACTION, "BAD_REQUEST", sent(to, content));
      assert.ok(String(json?.status_msg).includes(String(said)), JSON.stringify(json));
    }
    await api.refused(ACTION, "BAD_REQUEST", {
      query: { token, to_user_id: NOBODY, action_type: 2, content: "x" },
    });
  });
});

describe(CHAT, () => {
  it("has the messages of both, ascending, however it is asked", async () => {
    const [me, you] = [await newMember(), await newMember()];
    await say(me, you, "one");
    await say(you, me, "two");
    const fields = { token: me.token, to_user_id: you.user_id };
    for (const { message_list } of await everyWay<{ message_list: DouyinMessage[] }>(
      CHAT,
      () => fields,
    ))
      assert.deepEqual(
        message_list.map(({ content }) => content),
        ["one", "two"],
      );
  });

  it("has no chat of somebody with themselves", async () => {
    const { token, user_id } = await newMember();
    await api.refused(CHAT, "NOT_WITH_ONESELF", { query: { token, to_user_id: user_id } });
  });

  it("has only what is later than the last message that is known", async () => {
    const [me, you] = [await newMember(), await newMember()];
    for (const content of ["one", "two", "three"]) await say(me, you, content);
    const all = await read(me, you);
    for (const [at, { create_time }] of all.entries())
      assert.deepEqual(await read(you, me, create_time), all.slice(at + 1));
    for (const none of [0, "0", "", undefined]) assert.deepEqual(await read(me, you, none), all);
  });
});

describe("GET /douyin/relation/friend/list/", () => {
  it("has mutual follows with the last word between them and the caller", async () => {
    const [me, a, b, c] = [
      await newMember(),
      await newMember(),
      await newMember(),
      await newMember(),
    ];
    for (const other of [a, b, c]) await follow(me, other);
    for (const other of [a, b]) await follow(other, me);
    await say(me, a, "from me");
    const list = async () =>
      everyWay<{ user_list: DouyinFriend[] }>("GET /douyin/relation/friend/list/", () => ({
        token: me.token,
        user_id: me.user_id,
      }));
    const short = ({ name, message, msgType }: DouyinFriend) => [name, message, msgType];
    for (const { user_list } of await list())
      assert.deepEqual(user_list.map(short), [
        [b.username, "", 0],
        [a.username, "from me", 1],
      ]);
    await say(a, me, "to me");
    for (const { user_list } of await list())
      assert.deepEqual(user_list.map(short).at(-1), [a.username, "to me", 0]);
  });
});
