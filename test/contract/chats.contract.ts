import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import chat from "../../services/chat/chat.service.ts";
import config from "../../services/config/config.service.ts";
import relation from "../../services/relation/relation.service.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { by } from "../support/video-cards.ts";

/** What private messages have to be on every database. `setUp` answers a node's environment. */
export function chatsContract(
  name: string,
  setUp: (t: TestContext) => Promise<Record<string, string>>,
): void {
  const node = async (t: TestContext, env: Record<string, string> = {}) =>
    startNode(t, {
      services: [config, chat, relation, people(1, 2, 3)],
      env: { ...(await setUp(t)), ...env },
    });
  const send = (broker: ServiceBroker, from: number, to_user_id: number, content: string) =>
    call(broker, "chat.send", { to_user_id, content }, by(from));
  const history = async (broker: ServiceBroker, of: number, to_user_id: number, after_ms = 0) =>
    (await call(broker, "chat.history", { to_user_id, after_ms }, by(of))).messages;
  const inbox = async (broker: ServiceBroker, user_id: number, after = 0, limit = 100) =>
    (await call(broker, "chat.inbox", { user_id, after, limit })).messages;

  describe(`private messages: ${name}`, () => {
    it("are the same to both, in the order of their times", async (t) => {
      const broker = await node(t);
      const { id } = await send(broker, 2, 1, "hello");
      await send(broker, 1, 2, "good evening");
      await send(broker, 1, 3, "somebody else");
      const messages = await history(broker, 1, 2);
      assert.deepEqual(
        messages.map(({ create_time: _, id: __, ...message }) => message),
        [
          { to_user_id: 1, from_user_id: 2, content: "hello" },
          { to_user_id: 2, from_user_id: 1, content: "good evening" },
        ],
      );
      assert.equal(messages[0]?.id, id);
      assert.deepEqual(await history(broker, 2, 1), messages);
      const [first, second] = messages.map(({ create_time }) => create_time) as [number, number];
      assert.ok(Math.abs(first - Date.now()) < 60_000);
      assert.ok(second > first);
    });

    it("are never skipped by who asks for what is later, though many are of the same moment", async (t) => {
      const broker = await node(t);
      const texts = Array.from({ length: 30 }, (_, n) => `message ${n}`);
      await Promise.all(texts.map((text, n) => send(broker, 1 + (n % 2), 2 - (n % 2), text)));
      const all = await history(broker, 1, 2);
      assert.equal(all.length, 30);
      const seen: string[] = [];
      for (let after = 1, more = true; more; ) {
        const [next] = await history(broker, 1, 2, after);
        more = next !== undefined;
        if (next === undefined) continue;
        seen.push(next.content);
        after = next.create_time;
      }
      assert.deepEqual(
        seen,
        all.map(({ content }) => content),
      );
      assert.deepEqual(seen.toSorted(), texts.toSorted());
    });

    it("are read 200 at a time: the last ones, or the next ones after a time", async (t) => {
      const broker = await node(t);
      const rows = Array.from({ length: 450 }, (_, n) => n + 1);
      await runtimeOf(broker).database.query(
        `INSERT INTO chat_messages (id, low, high, sender, create_ms, low_seq, high_seq, content)
         VALUES ${rows.map((n) => `(${n}, 1, 2, 1, ${1000 + n}, ${n}, ${n}, '${n}')`).join(", ")}`,
      );
      const contents = async (after?: number) =>
        (await history(broker, 1, 2, after)).map(({ content }) => Number(content));
      assert.deepEqual(await contents(), rows.slice(250));
      assert.deepEqual(await contents(1), rows.slice(0, 200));
      assert.deepEqual(await contents(1200), rows.slice(200, 400));
      assert.deepEqual(await contents(1400), rows.slice(400));
    });

    it("come into both inboxes, numbered without a gap", async (t) => {
      const broker = await node(t);
      await Promise.all([
        ...Array.from({ length: 10 }, () => send(broker, 1, 2, "from 1")),
        ...Array.from({ length: 10 }, () => send(broker, 2, 3, "from 2")),
        ...Array.from({ length: 10 }, () => send(broker, 3, 1, "from 3")),
      ]);
      const { users } = await call(broker, "chat.marks", { user_ids: [3, 1, 9] });
      assert.deepEqual(users, [
        { user_id: 3, seq: 20 },
        { user_id: 1, seq: 20 },
        { user_id: 9, seq: 0 },
      ]);
      for (const user of [1, 2, 3]) {
        const all = await inbox(broker, user);
        assert.deepEqual(
          all.map(({ seq }) => seq),
          Array.from({ length: 20 }, (_, n) => n + 1),
        );
        for (const { message } of all)
          assert.ok(message.from_user_id === user || message.to_user_id === user);
        assert.deepEqual(await inbox(broker, user, 15, 3), all.slice(15, 18));
      }
    });

    it("show their last word between a user and others", async (t) => {
      const broker = await node(t);
      await send(broker, 1, 2, "one");
      await send(broker, 2, 1, "two");
      await send(broker, 1, 3, "three");
      const latest = async (user: number, ...user_ids: number[]) =>
        (await call(broker, "chat.latest", { user_ids }, by(user))).messages;
      assert.deepEqual(
        (await latest(1, 3, 2, 9)).toSorted((a, b) => a.user_id - b.user_id),
        [
          { user_id: 2, content: "two", msg_type: 0 },
          { user_id: 3, content: "three", msg_type: 1 },
        ],
      );
      assert.deepEqual(await latest(3, 1, 2), [{ user_id: 1, content: "three", msg_type: 0 }]);
    });

    it("to oneself, to somebody unknown, or from nobody are refused", async (t) => {
      const broker = await node(t);
      await assert.rejects(send(broker, 1, 1, "me"), { type: "NOT_WITH_ONESELF" });
      await assert.rejects(history(broker, 1, 1), { type: "NOT_WITH_ONESELF" });
      await assert.rejects(send(broker, 1, 9, "you"), { type: "USER_NOT_FOUND" });
      await assert.rejects(send(broker, 9, 1, "you"), { type: "USER_NOT_FOUND" });
      await assert.rejects(call(broker, "chat.send", { to_user_id: 1, content: "x" }), {
        type: "NEED_LOGIN",
      });
      assert.deepEqual(await history(broker, 1, 9), []);
      assert.deepEqual(await inbox(broker, 1), []);
    });

    it("have 1 to 500 characters that people can read", async (t) => {
      const broker = await node(t);
      for (const content of ["", "  ", "x".repeat(501), "x".repeat(10_000), "a\u0000b", "\ud800"])
        await assert.rejects(send(broker, 1, 2, content), { type: "VALIDATION_ERROR" });
      const texts = ["x".repeat(500), "🚀".repeat(250), "line\nline", " ' OR 1=1 -- :low ? $1"];
      for (const content of texts) await send(broker, 1, 2, content);
      const kept = (await history(broker, 2, 1)).map(({ content }) => content);
      assert.deepEqual(kept, texts);
    });

    it("pass the word filter", async (t) => {
      const broker = await node(t);
      await call(broker, "config.set", { key: "words.refuse", value: ["spam"] });
      await call(broker, "config.set", { key: "words.mask", value: ["damn"] });
      await assert.rejects(send(broker, 1, 2, "buy SPAM now"), { type: "CONTENT_REFUSED" });
      await send(broker, 1, 2, "damn it");
      assert.deepEqual(
        (await history(broker, 2, 1)).map(({ content }) => content),
        ["**** it"],
      );
    });

    it("go to friends only where the operator wants it so", async (t) => {
      const broker = await node(t, { CHAT_FRIENDS_ONLY: "on" });
      await assert.rejects(send(broker, 1, 2, "hello"), { type: "FRIENDS_ONLY" });
      await call(broker, "relation.follow", { to_user_id: 2 }, by(1));
      await assert.rejects(send(broker, 1, 2, "hello"), { type: "FRIENDS_ONLY" });
      await call(broker, "relation.follow", { to_user_id: 1 }, by(2));
      await send(broker, 1, 2, "hello");
      await send(broker, 2, 1, "hello");
    });

    it("come at a rate that people write at", async (t) => {
      const broker = await node(t);
      const sent = await Promise.allSettled(
        Array.from({ length: 200 }, () => send(broker, 1, 2, "again")),
      );
      const refused = sent.filter(({ status }) => status === "rejected");
      assert.ok(refused.length > 0);
      for (const one of refused)
        assert.equal((one as PromiseRejectedResult).reason.type, "RATE_LIMITED");
      await send(broker, 2, 1, "it is your allowance, not mine");
    });
  });
}
