import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { waitFor } from "../../support/wait-for.ts";
import { bystander, event, newShow, say, server, watch } from "./suite.ts";

describe("the server", () => {
  it("has logged no error in all of these tests", () => {
    assert.equal(server.errors(), "");
  });

  it("says goodbye to its viewers when it is stopped, and when to come back", async (t) => {
    const { live_id } = await newShow();
    const viewers = [await watch(t, live_id), await watch(t, live_id, { gzip: true })];
    const last = await say(bystander, live_id, "see you");
    const stopped = server.process.stop();
    for (const viewer of viewers) {
      const { data, id } = await event(viewer, "bye");
      assert.equal(id, null);
      assert.deepEqual({ ...data, reason: "" }, { code: 3000, reason: "", reconnect: true });
      await waitFor(() => viewer.isClosed, { message: "the server to close the stream" });
      assert.equal(viewer.retries.length, 2, "a new time to come back");
      assert.deepEqual(viewer.ids, [last]);
      assert.deepEqual(viewer.faults, []);
    }
    assert.deepEqual(await stopped, { code: 0, signal: null });
    assert.equal(server.errors(), "");
  });
});
