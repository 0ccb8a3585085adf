import assert from "node:assert/strict";
import { it } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import chat from "../../services/chat/chat.service.ts";
import config from "../../services/config/config.service.ts";
import relation from "../../services/relation/relation.service.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { recordStatements } from "../support/statements.ts";
import { by } from "../support/video-cards.ts";

it("relation finds everything by an index", async (t) => {
  const broker = await startNode(t, { services: [relation, people(1, 2, 3)] });
  const statements = recordStatements(runtimeOf(broker).database, [
    "relations",
    "user_follow_counts",
  ]);
  await call(broker, "relation.follow", { to_user_id: 2 }, by(1));
  await call(broker, "relation.unfollow", { to_user_id: 2 }, by(1));
  for (const list of ["following", "followers", "friends"] as const)
    await call(broker, `relation.${list}`, { user_id: 1 });
  await call(broker, "relation.counts", { user_ids: [1, 2, 3], viewer: 1 });
  await call(broker, "relation.follows", { follower: 1, followee: 2 });
  assert.equal(statements.texts().length, 6);
  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "relations_followers",
    "relations_following",
    "sqlite_autoindex_relations_1",
  ]);
});

it("chat finds everything by an index", async (t) => {
  const broker = await startNode(t, { services: [config, chat, relation, people(1, 2, 3)] });
  const statements = recordStatements(runtimeOf(broker).database, [
    "chats",
    "chat_messages",
    "chat_inboxes",
  ]);
  await call(broker, "chat.send", { to_user_id: 2, content: "hello" }, by(1));
  await call(broker, "chat.history", { to_user_id: 2 }, by(1));
  await call(broker, "chat.history", { to_user_id: 2, after_ms: 7 }, by(1));
  await call(broker, "chat.latest", { user_ids: [2, 3] }, by(1));
  await call(broker, "chat.marks", { user_ids: [1, 2] });
  assert.equal(statements.texts().length, 5);
  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "chat_messages_history",
    "sqlite_autoindex_chats_1",
  ]);
});

it("an inbox is read from both sides by an index, and only what was read is sorted", async (t) => {
  const broker = await startNode(t, { services: [config, chat, people(1, 2)] });
  const { database } = runtimeOf(broker);
  const said: string[] = [];
  const { options } = database as unknown as { options: { logging: unknown } };
  options.logging = (line: string) => said.push(line.replace(/^Executing \([^)]*\): /, ""));
  await call(broker, "chat.inbox", { user_id: 1, after: 5, limit: 50 });
  options.logging = false;
  const [steps] = await database.query(`EXPLAIN QUERY PLAN ${said[0]}`);
  const details = (steps as { detail: string }[]).map(({ detail }) => detail).join("\n");
  for (const side of ["low", "high"])
    assert.match(details, new RegExp(`SEARCH chat_messages USING INDEX chat_messages_${side} `));
  assert.doesNotMatch(details, /SCAN chat_messages/);
});
