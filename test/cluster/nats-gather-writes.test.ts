import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { connect } from "nats";
import { gatherWrites } from "../../lib/nats/gather-writes.ts";
import { natsOptions } from "../../lib/nats/options.ts";
import { startStack } from "../support/stack.ts";
import { waitFor } from "../support/wait-for.ts";

const { nats } = await startStack({ after }, { nats: true });

/** A connection that counts what it writes to its socket. */
async function counting() {
  const connection = await connect(natsOptions(nats.url));
  const { transport } = (connection as unknown as { protocol: { transport: { socket: Socket } } })
    .protocol;
  let writes = 0;
  const write = transport.socket.write.bind(transport.socket) as (...args: unknown[]) => boolean;
  transport.socket.write = ((...args: unknown[]) => {
    writes++;
    return write(...args);
  }) as Socket["write"];
  return { connection, writes: () => writes };
}

/** Publishes in so many callbacks of one turn of the event loop, as requests arrive. */
function publishInOneTurn(publish: (i: number) => void, count: number): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      let left = count;
      for (let i = 0; i < count; i++)
        process.nextTick(async () => {
          await null;
          publish(i);
          if (--left === 0) resolve();
        });
    });
  });
}

test("what is published in one turn of the event loop is written once, in order", async (t) => {
  const { connection, writes } = await counting();
  t.after(() => connection.close());
  gatherWrites(connection);
  const got: string[] = [];
  const subscription = connection.subscribe("gathered");
  void (async () => {
    for await (const message of subscription) got.push(message.string());
  })();
  await connection.flush();
  const before = writes();
  await publishInOneTurn((i) => connection.publish("gathered", String(i)), 50);
  await waitFor(() => got.length === 50);
  assert.deepEqual(
    got,
    Array.from({ length: 50 }, (_, i) => String(i)),
  );
  assert.equal(writes() - before, 1);
});

test("a connection that comes back still writes", async (t) => {
  const { connection } = await counting();
  t.after(() => connection.close());
  gatherWrites(connection);
  await nats.kill();
  await nats.start();
  let got = 0;
  connection.subscribe("again", { callback: () => got++ });
  await waitFor(
    () => {
      connection.publish("again");
      return got > 0;
    },
    { timeoutMs: 20_000 },
  );
});
