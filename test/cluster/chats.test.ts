import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { createIdGenerator } from "../../lib/ids.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import chat from "../../services/chat/chat.service.ts";
import config from "../../services/config/config.service.ts";
import { chatsContract } from "../contract/chats.contract.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { by } from "../support/video-cards.ts";

const open = mariadbForEach({ after });

chatsContract("MariaDB", async (t) => (await open(t)).env);

it("who reads what is later misses nothing while two nodes write", async (t) => {
  const { env } = await open(t);
  const users = Array.from({ length: 20 }, (_, n) => n + 1);
  const services = [config, chat, people(...users)];
  const nodes = [await startNode(t, { services, env }), await startNode(t, { services, env })];
  const [here, there] = nodes as [ServiceBroker, ServiceBroker];
  // Nodes of one cluster lease numbers of their own; these two do not know of each other.
  Object.defineProperty(runtimeOf(there), "ids", { value: createIdGenerator({ worker: 1 }) });

  let writing = true;
  const seen: number[] = [];
  const times: number[] = [];
  const read = async () => {
    let [after, after_ms] = [0, 1];
    for (let last = false; ; ) {
      const { messages } = await call(here, "chat.inbox", { user_id: 1, after, limit: 7 });
      for (const { seq } of messages) seen.push(seq);
      after = messages.at(-1)?.seq ?? after;
      const chat = await call(there, "chat.history", { to_user_id: 2, after_ms }, by(1));
      for (const { create_time } of chat.messages) times.push(create_time);
      after_ms = times.at(-1) ?? 1;
      if (last && messages.length === 0) return;
      last = !writing;
    }
  };
  const write = async (sender: number) => {
    for (let n = 0; n < 15; n++)
      await call(
        n % 2 === 0 ? here : there,
        "chat.send",
        { to_user_id: 1, content: `${sender}: ${n}` },
        by(sender),
      );
  };
  const reading = read();
  await Promise.all(users.slice(1).map(write));
  writing = false;
  await reading;
  const expected = Array.from({ length: 19 * 15 }, (_, n) => n + 1);
  assert.deepEqual(seen, expected);
  assert.equal(times.length, 15);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});
