import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { waitFor } from "../../support/wait-for.ts";
import { messagesOf, newShow, scope, watch } from "./suite.ts";

// Opened with this module, long before its test is at turn.
const quiet = await watch(scope, (await newShow()).live_id);

describe("an idle stream", () => {
  it("is kept alive by comments", async (t) => {
    t.after(() => quiet.close());
    const options = { timeoutMs: 25_000, message: "a comment" };
    await waitFor(() => quiet.comments.length > 0, options);
    assert.deepEqual(messagesOf(quiet), []);
    assert.deepEqual(quiet.faults, []);
  });
});
