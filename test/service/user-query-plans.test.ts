import assert from "node:assert/strict";
import { it } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import user from "../../services/user/user.service.ts";
import { startNode } from "../support/node.ts";
import { recordStatements } from "../support/statements.ts";
import { waitFor } from "../support/wait-for.ts";

it("user finds everything by an index", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const broker = await startNode(t, { services: [config, user] });
  const { database } = runtimeOf(broker);
  const statements = recordStatements(database, ["users", "sessions"]);
  const alice = { username: "alice", password: "secret" };
  const { user_id, refresh_token } = await call(broker, "user.register", alice);
  const older = Array.from({ length: 40 }, (_, n) => `(${n + 1},${user_id},'f${n}','t',9e15,0,0)`);
  await database.query(`INSERT INTO \`sessions\` VALUES ${older.join(",")}`);
  await call(broker, "user.login", alice);
  await call(broker, "user.refresh", { refresh_token });
  await assert.rejects(call(broker, "user.refresh", { refresh_token }), { type: "TOKEN_REVOKED" });
  const meta = { user: { user_id, username: "alice", session_id: 40 } };
  await call(broker, "user.logout", {}, { meta });
  await call(broker, "user.me", {}, { meta });
  await call(broker, "user.revoked", {});
  await call(broker, "user.brief", { user_ids: [user_id, 1] });
  t.mock.timers.tick(600_000);
  await waitFor(() => statements.texts().some((text) => /DELETE.*`expires_ms`/.test(text)));

  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "sessions_expires",
    "sessions_family",
    "sessions_revoked",
    "sessions_user",
    "users_username",
  ]);
  assert.equal(statements.texts().length, 11);
});
