import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it, type TestContext } from "node:test";
import type { Options } from "sequelize";
import { danmaku, LIVE_ID } from "../support/danmaku.ts";
import { startMessageNode } from "../support/message-node.ts";

describe("the queries of the message service", () => {
  const queries = {
    tail: ["message.tail", { live_id: LIVE_ID, limit: 10 }],
    single: ["message.single", { id: 1 }],
    multi: ["message.multi", { live_id: LIVE_ID, start_time: 0, offset: 10 }],
    density: ["message.density", { live_id: LIVE_ID }],
    export: ["message.export", { live_id: LIVE_ID, format: "xml" }],
  } as const;

  /** How SQLite goes about every statement on messages that an action makes. */
  async function plans(t: TestContext, action: string, params: object): Promise<string[][]> {
    const { broker, database } = await startMessageNode(t, [danmaku(1)]);
    const statements: string[] = [];
    const { options } = database as unknown as { options: Options };
    options.logging = (sql) => {
      if (sql.includes("messages") && !sql.includes("PRAGMA"))
        statements.push(sql.replace(/^Executing \(.*?\): /, ""));
    };
    const answer = await broker.call(action, params);
    if (action === "message.export") await text(answer as Readable);
    options.logging = false;
    return Promise.all(
      statements.map(async (sql) => {
        const bind = Object.fromEntries([...sql.matchAll(/\$(\w+)/g)].map(([, name]) => [name, 1]));
        const [steps] = await database.query(`EXPLAIN QUERY PLAN ${sql.replace(/;.*$/, "")}`, {
          bind,
        });
        return (steps as { detail: string }[]).map(({ detail }) => detail);
      }),
    );
  }

  for (const [name, [action, params]] of Object.entries(queries))
    it(`search an index and sort nothing: ${name}`, async (t) => {
      const found = await plans(t, action, params);
      assert.ok(found.length > 0);
      for (const steps of found) {
        const onMessages = steps.filter((step) => /\bmessages\b/.test(step));
        assert.ok(onMessages.length > 0, steps.join("; "));
        for (const step of onMessages)
          assert.match(step, /^SEARCH messages USING (COVERING INDEX|INDEX|INTEGER PRIMARY KEY)/);
        // Counting per bucket sorts the counts per second, of which there are few.
        if (name !== "density") assert.doesNotMatch(steps.join("; "), /SCAN|TEMP B-TREE/);
      }
    });

  it("count from the index alone for the density", async (t) => {
    const found = await plans(t, ...queries.density);
    assert.ok(
      found
        .flat()
        .includes("SEARCH messages USING COVERING INDEX messages_time (live_id=? AND live_time<?)"),
    );
  });
});
