import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import messageService from "../../services/message/message.service.ts";
import { danmaku } from "../support/danmaku.ts";
import { channelsOf, historyOf, keeperOf, liveService } from "../support/history.ts";
import { startNode } from "../support/node.ts";
import { startProcess } from "../support/process.ts";
import { startStack } from "../support/stack.ts";

const COMMAND = join(import.meta.dirname, "../../scripts/dead-letters.ts");
const scope = { after };
const { env } = await startStack(scope, { mariadb: true, redis: true, nats: true });

/** What the command says, and whether it is content. */
async function run(args: string[], variables: Record<string, string | undefined> = env) {
  const { ended, output } = await startProcess(scope, {
    command: process.execPath,
    args: [COMMAND, ...args],
    env: variables,
  });
  const { code } = await ended;
  return { code, output: output().trim() };
}

describe("npm run dead-letters", () => {
  it("says that no node has been there yet", async () => {
    assert.deepEqual(await run([]), { code: 1, output: "No node has used this NATS yet." });
  });

  it("lists what was put aside, sends it once more when that helps, and forgets it when told to", async (t) => {
    const broker = await startNode(t, { services: [liveService, messageService], env });
    const { database } = runtimeOf(broker);
    assert.deepEqual(await run(["list"]), { code: 0, output: "There are no dead letters." });

    const name = "a name that is too long for its column ".repeat(2);
    await keeperOf(broker)([1, 2, 3].map((id) => danmaku(id, { user_name: name })));
    await call(broker, "message.catchUp", {});
    const listed = await run(["list"]);
    const lines = listed.output.split("\n");
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^1\t\d{4}-.*Z\tdanmaku\t.*ER_DATA_TOO_LONG.*\t\[\{"id":1,.*…$/);
    assert.equal(lines[3], "3 there.");
    assert.match((await run(["list", "2"])).output, /^\{"seq":2,.*"data":\[\{"id":2,/);

    // What was wrong is mended: the column is wider now.
    await database.query("ALTER TABLE messages MODIFY user_name VARCHAR(200) NOT NULL");
    assert.match((await run(["replay", "1"])).output, /1 sent once more\.$/);
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker), [1]);

    assert.match((await run(["drop", "2"])).output, /1 forgotten\.$/);
    assert.deepEqual(await run(["drop", "2"]), { code: 1, output: "There is no dead letter 2." });
    assert.match((await run(["replay", "--all"])).output, /1 sent once more\.$/);
    await call(broker, "message.catchUp", {});
    assert.deepEqual(await historyOf(broker), [1, 3]);
    assert.equal(await channelsOf(broker).deadLetters.count(), 0);
  });

  it("says so when there is no NATS to ask", async () => {
    assert.match((await run([], { NATS_URL: undefined })).output, /^NATS_URL is not set/);
    const { output } = await run([], { NATS_URL: "nats://a:secret@127.0.0.1:1" });
    assert.match(output, /^NATS of NATS_URL cannot be used \(CONNECTION_REFUSED.*\)\.$/);
  });
});
