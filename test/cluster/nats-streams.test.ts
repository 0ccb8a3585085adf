import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connectNats } from "../../lib/nats/connect.ts";
import { ensureQueue, streamOf } from "../../lib/nats/streams.ts";
import { startStack } from "../support/stack.ts";

const { nats } = await startStack({ after }, { nats: true });

test("nodes that start together and make the same stream all find it made", async (t) => {
  const managers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const connection = await connectNats(nats.url, 5_000);
      t.after(() => connection.close());
      return connection.jetstreamManager();
    }),
  );
  // NATS tells one in two hundred that another stream has its subjects.
  for (let round = 0; round < 60; round++) {
    const subject = `together.${round}`;
    const made = managers.map((manager) => ensureQueue(manager, subject, 1));
    assert.deepEqual(
      (await Promise.allSettled(made)).filter(({ status }) => status === "rejected"),
      [],
    );
    await managers[0]?.streams.delete(streamOf(subject));
  }
});
