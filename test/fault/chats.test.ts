import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cluster, REST, startCluster } from "../support/cluster.ts";
import { openInbox } from "../support/inbox-reader.ts";
import { type Account, register } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const WRITERS = 12;
const MESSAGES = 25;

test("while a node that keeps messages is killed, none that was answered is lost or told twice", async (t) => {
  const others = REST.filter((name) => name !== "chat");
  const cluster = await startCluster(t, {
    servers: { mariadb: true, redis: true, nats: true },
    nodes: {
      gateway: ["api"],
      chat1: ["chat"],
      chat2: ["chat"],
      rest: [...others, "push"],
    },
  });
  const reader = await register(cluster.front);
  const writers = await Promise.all(Array.from({ length: WRITERS }, () => register(cluster.front)));
  const { url } = cluster.front;
  const stream = await openInbox(t, { url, token: reader.token, lastEventId: "0" });

  const answered: string[] = [];
  let lost = 0;
  const writing = Promise.all(
    writers.map(async (writer) => {
      for (let n = 0; n < MESSAGES; n++) {
        const content = `${writer.name}: ${n}`;
        if (await isKept(cluster, writer, reader, content)) answered.push(content);
        else lost++;
      }
    }),
  );
  await waitFor(() => answered.length >= (WRITERS * MESSAGES) / 3, {
    timeoutMs: 60_000,
    intervalMs: 1,
    message: "a third to be written",
  });
  await cluster.node("chat1").kill();
  const killed = answered.length;
  await writing;
  t.diagnostic(`${answered.length} answered, ${lost} not, killed after ${killed}`);
  assert.ok(killed < WRITERS * MESSAGES);
  assert.ok(answered.length > killed);

  await waitFor(() => answered.every((content) => stream.text.includes(`"${content}"`)), {
    timeoutMs: 30_000,
    message: "all that was answered to be on the stream",
  });
  const told = stream.contents;
  assert.equal(new Set(told).size, told.length, "nothing is told twice");
  assert.deepEqual(
    stream.ids,
    stream.ids.map((_, n) => n + 1),
    "numbers have no gaps",
  );
  for (const writer of writers) {
    const mine = told.filter((content) => content.startsWith(`${writer.name}: `));
    const order = mine.map((content) => Number(content.split(": ").at(-1)));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      "each writer's words in order",
    );
  }
});

/** Writes once; false when the answer was anything but success. */
async function isKept(
  { front }: Cluster,
  from: Account,
  to: Account,
  content: string,
): Promise<boolean> {
  const body = new URLSearchParams({
    token: from.token,
    to_user_id: String(to.userId),
    action_type: "1",
    content,
  });
  const response = await fetch(`${front.url}/douyin/message/action/`, { method: "POST", body });
  const { status_code } = (await response.json()) as { status_code: number };
  return response.ok && status_code === 0;
}
