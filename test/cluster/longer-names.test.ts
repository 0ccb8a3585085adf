import assert from "node:assert/strict";
import { after, it } from "node:test";
import { call } from "../../contracts/call.ts";
import config from "../../services/config/config.service.ts";
import live from "../../services/live/live.service.ts";
import user from "../../services/user/user.service.ts";
import { mariadbForEach } from "../support/mariadb-databases.ts";
import { startNode } from "../support/node.ts";

const open = mariadbForEach({ after });

it("who has a name of 32 characters, as the short-video dialect allows, opens rooms like everybody", async (t) => {
  const { env } = await open(t);
  const broker = await startNode(t, { services: [config, user, live], env });
  const username = `${"名".repeat(31)}x`;
  const { user_id } = await call(broker, "user.join", { username, password: "12345" });
  const meta = { user: { user_id, username, session_id: 1 } };
  const room = { room_name: "a show", description: "" };
  const { live_id } = await call(broker, "live.open", room, { meta });
  const shown = await call(broker, "live.single", { live_id });
  assert.equal(shown.room.owner_name, username);
  const { users } = await call(broker, "user.cards", { user_ids: [user_id] });
  assert.equal(users[0]?.username, username);
});
