import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { createJournal } from "../../services/push/journal.ts";

const record = (id: number) => ({ id }) as MessageRecord;

test("a message whose room was lost while it waited is not kept, and may be said again", async () => {
  const kept: number[] = [];
  const journal = createJournal({
    keep: async (messages) => kept.push(...messages.map(({ id }) => id)),
    failed: () => assert.fail("nothing failed"),
  });
  let held = true;
  const outcomes = Promise.allSettled([
    journal.append(record(1), () => true),
    journal.append(record(2), () => held),
    journal.append(record(3), () => true),
  ]);
  held = false;
  const [first, second, third] = await outcomes;
  assert.deepEqual(kept, [1, 3]);
  assert.equal(first?.status, "fulfilled");
  assert.equal(third?.status, "fulfilled");
  assert.equal((second as PromiseRejectedResult).reason.type, "UNAVAILABLE");
  assert.equal((second as PromiseRejectedResult).reason.data.undone, true);
});

test("when a commit fails, those that were not part of it know that they were not tried", async () => {
  const journal = createJournal({
    keep: () => Promise.reject(new Error("no disk")),
    failed: () => {},
  });
  const [tried, late] = await Promise.allSettled([
    journal.append(record(1), () => true),
    journal.append(record(2), () => false),
  ]);
  assert.equal((tried as PromiseRejectedResult).reason.type, "SEND_FAILED");
  assert.equal((late as PromiseRejectedResult).reason.data.undone, true);
});
