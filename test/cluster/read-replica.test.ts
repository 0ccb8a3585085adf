import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { call } from "../../contracts/call.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { migrate } from "../../lib/database/migrate.ts";
import { readEnv } from "../../lib/env.ts";
import { openMessageWriter } from "../../services/message/open-message-writer.repo.ts";
import { danmaku, LIVE_ID } from "../support/danmaku.ts";
import { idAt, startMessageNode } from "../support/message-node.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

// What is read tells where: the one that stands for a replica has other words for the same message.
const primary = await startStack({ after }, { mariadb: true });
const replica = await startStack({ after }, { mariadb: true });
const id = idAt(1_000);

const ofReplica = openDatabase(readEnv({ ...replica.env }));
await migrate(ofReplica);
await openMessageWriter(ofReplica).append([danmaku(id, { content: "of the replica" })]);
after(() => ofReplica.close());

const env = {
  ...primary.env,
  DATABASE_READ_URL: replica.env.DATABASE_URL as string,
};

describe("a replica", () => {
  it("is read where an old answer does no harm, and nowhere else", async (t) => {
    const kept = [danmaku(id, { content: "of the primary" })];
    const { broker } = await startMessageNode(t, kept, env);
    const multi = await call(broker, "message.multi", {
      live_id: LIVE_ID,
      start_time: 0,
      offset: 10,
    });
    assert.deepEqual(
      multi.messages.map(({ content }) => content),
      ["of the replica"],
    );
    const file = await call(broker, "message.export", { live_id: LIVE_ID, format: "json" });
    assert.match(await text(file as Readable), /of the replica/);
    assert.deepEqual((await call(broker, "message.density", { live_id: LIVE_ID })).counts, [1]);

    const { message } = await call(broker, "message.single", { id });
    assert.equal(message.content, "of the primary");
    const { messages } = await call(broker, "message.tail", { live_id: LIVE_ID, limit: 10 });
    assert.deepEqual(
      messages.map(({ content }) => content),
      ["of the primary"],
    );
  });

  it("is stood in for by the primary while it is away, and read again when it is back", async (t) => {
    const kept = [danmaku(id, { content: "of the primary" })];
    const { broker } = await startMessageNode(t, kept, env);
    const read = async () => {
      const params = { live_id: LIVE_ID, start_time: 0, offset: 10 };
      const { messages } = await call(broker, "message.multi", params);
      return messages[0]?.content;
    };
    assert.equal(await read(), "of the replica");
    await replica.mariadb.kill();
    assert.equal(await read(), "of the primary");
    await replica.mariadb.start();
    await waitFor(async () => (await read()) === "of the replica", { timeoutMs: 20_000 });
  });

  it("is stood in for by the primary when it never was there", async (t) => {
    const kept = [danmaku(id, { content: "of the primary" })];
    const away = "mysql://nobody:nothing@127.0.0.1:1/molimoli";
    const { broker } = await startMessageNode(t, kept, { ...env, DATABASE_READ_URL: away });
    const params = { live_id: LIVE_ID, start_time: 0, offset: 10 };
    const { messages } = await call(broker, "message.multi", params);
    assert.equal(messages[0]?.content, "of the primary");
  });
});
