import assert from "node:assert/strict";
import { it } from "node:test";
import type { Context, ServiceSchema } from "moleculer";
import { call } from "../../contracts/call.ts";
import type { RoomStats } from "../../contracts/objects.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import live from "../../services/live/live.service.ts";
import { startNode } from "../support/node.ts";
import { recordStatements } from "../support/statements.ts";
import { waitFor } from "../support/wait-for.ts";

/** Answers what rooms ask of other services. */
const others: ServiceSchema[] = [
  {
    name: "push",
    actions: {
      stats: (ctx: Context<{ live_id: number }>): RoomStats => ({
        live_id: ctx.params.live_id,
        viewers: 0,
        peak: 0,
        messages: 0,
        pushed: 0,
        merged: 0,
        suppressed: 0,
      }),
    },
  },
  {
    name: "user",
    actions: { brief: () => ({ users: [{ user_id: 2, username: "bobby" }] }) },
  },
];

it("live finds everything by an index", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const broker = await startNode(t, { services: [live, ...others] });
  const statements = recordStatements(runtimeOf(broker).database, ["rooms", "mutes"]);
  const meta = { user: { user_id: 1, username: "alice", session_id: 1 } };
  const room = { room_name: "show", description: "" };
  const { live_id } = await call(broker, "live.open", room, { meta });
  await assert.rejects(call(broker, "live.open", room, { meta }), { type: "ROOM_EXISTS" });
  await call(broker, "live.key", { live_id }, { meta });
  await call(broker, "live.single", { live_id });
  await call(broker, "live.list", {});
  await call(broker, "live.mute", { live_id, user_id: 2, seconds: 60 }, { meta });
  await call(broker, "live.mute", { live_id, user_id: 2, seconds: 0 }, { meta });
  await call(broker, "live.card", { live_id });
  assert.equal((await call(broker, "live.shows", { owners: [1, 2, 3] })).rooms.length, 1);
  const { key } = await call(broker, "live.key", { live_id }, { meta });
  await call(broker, "live.admitStream", { key, holder: "a" });
  await call(broker, "live.keepStreams", { live_ids: [live_id], holder: "a" });
  await call(broker, "live.endStreams", { live_ids: [live_id], holder: "a" });
  await call(broker, "live.close", { live_id }, { meta });
  await call(broker, "live.stats", { live_id }, { meta });
  t.mock.timers.tick(30_000);
  await waitFor(() =>
    statements.texts().some((text) => /^SELECT `id` FROM `rooms`[^=]*`end_time` = \?;$/.test(text)),
  );

  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "rooms_live",
    "rooms_open_owner",
    "rooms_stream_key",
    "sqlite_autoindex_mutes_1",
  ]);
  assert.equal(statements.texts().length, 17);
});
