import assert from "node:assert/strict";
import { after, it } from "node:test";
import { REST, startCluster } from "../support/cluster.ts";
import { openInbox } from "../support/inbox-reader.ts";
import { waitFor } from "../support/wait-for.ts";

const cluster = await startCluster(
  { after },
  {
    servers: { nats: true, mariadb: true, redis: true },
    nodes: { left: ["api"], right: ["api"], rest: [...REST, "push"] },
  },
);
const url = (gateway: string) => cluster.gateways.get(gateway)?.url as string;

async function post(gateway: string, path: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const response = await fetch(`${url(gateway)}/douyin/${path}`, { method: "POST", body });
  const answer = (await response.json()) as { status_code: number; token: string; user_id: number };
  assert.equal(answer.status_code, 0, JSON.stringify(answer));
  return answer;
}

it("a message reaches the streams of both, wherever they are, and a lost gateway loses none", async (t) => {
  const password = "12345";
  const me = await post("left", "user/register", { username: "myself", password });
  const you = await post("right", "user/register", { username: "you there", password });
  const say = (content: string) =>
    post("left", "message/action", {
      token: you.token,
      to_user_id: String(me.user_id),
      action_type: "1",
      content,
    });
  const mine = await openInbox(t, { url: url("right"), token: me.token, lastEventId: "0" });
  const yours = await openInbox(t, { url: url("left"), token: you.token, lastEventId: "0" });

  for (const content of ["one", "two", "three"]) await say(content);
  await Promise.all([mine.expect(3), yours.expect(3)]);
  assert.deepEqual(mine.messages, yours.messages);
  assert.deepEqual(mine.contents, ["one", "two", "three"]);

  await cluster.node("right").stop();
  await waitFor(() => mine.ended, { message: "the stream of a gateway that goes down" });
  assert.deepEqual(
    mine.data("bye").map((word) => (word as { code: number }).code),
    [3000],
  );
  await say("four");
  const again = await openInbox(t, {
    url: url("left"),
    token: me.token,
    lastEventId: String(mine.ids.at(-1)),
  });
  await say("five");
  await again.expect(2);
  assert.deepEqual(again.contents, ["four", "five"]);
});
