import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { openInbox } from "../../support/inbox-reader.ts";
import { waitFor } from "../../support/wait-for.ts";
import { api, type Member, newMember, placements, say, server, spellings } from "./suite.ts";

const STREAM = "GET /douyin/message/stream/";

async function listen(t: TestContext, { token }: Member, lastEventId?: string) {
  const reader = await openInbox(t, {
    url: server.url,
    token,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  await waitFor(() => reader.text !== "", { message: "the beginning of the stream" });
  return reader;
}

describe(STREAM, () => {
  it("opens however it is asked", async () => {
    const { token } = await newMember();
    for (const spelling of spellings(STREAM))
      for (const request of Object.values(placements)) {
        const response = await api.open(spelling, request({ token, last_event_id: 0 }));
        assert.equal(response.headers["content-type"], "text/event-stream");
        const { statusCode: status = 0, headers } = response;
        api.judge(STREAM, { status, headers, text: "", json: null, code: null });
        response.destroy();
        await waitFor(() => response.closed, { message: "it to be closed" });
      }
  });

  it("has what comes and what goes, exactly as the list of messages does", async (t) => {
    const [me, you, other] = [await newMember(), await newMember(), await newMember()];
    await say(you, me, "before");
    const reader = await listen(t, me);
    await say(you, me, "你好\n\nevent: bye\n\n");
    await say(me, you, "mine");
    await say(other, me, "of another chat");
    await say(you, other, "none of mine");
    await reader.expect(3);
    assert.deepEqual(reader.contents, ["你好\n\nevent: bye\n\n", "mine", "of another chat"]);
    for (const message of reader.messages) api.description.checkObject("DouyinMessage", message);
    const query = { token: me.token, to_user_id: you.user_id };
    const { message_list } = await api.ok<{ message_list: unknown[] }>(
      "GET /douyin/message/chat/",
      { query },
    );
    assert.deepEqual(reader.messages.slice(0, 2), message_list.slice(1));
  });

  it("goes on after the last message that a client has seen", async (t) => {
    const [me, you] = [await newMember(), await newMember()];
    const first = await listen(t, me);
    for (const content of ["one", "two", "three"]) await say(you, me, content);
    await first.expect(3);
    const again = await listen(t, me, String(first.ids[0]));
    await say(you, me, "four");
    await again.expect(3);
    assert.deepEqual(again.contents, ["two", "three", "four"]);
    assert.deepEqual((await listen(t, me, "12345")).data("reset"), [{ reason: "unknown cursor" }]);
    assert.deepEqual((await listen(t, me, "x")).data("reset").length, 1);
  });

  it("ends with the session", async (t) => {
    const [me, you] = [await newMember(), await newMember()];
    const reader = await listen(t, me);
    await api.ok("POST /logout", { token: me.token });
    await waitFor(() => reader.ended, { message: "the end of the stream" });
    assert.equal((reader.data("bye")[0] as { code: number }).code, 3500);
    await say(you, me, "nobody hears this");
    assert.deepEqual(reader.contents, []);
  });

  it("is open eight times for one user at most", async (t) => {
    const me = await newMember();
    for (let n = 0; n < 8; n++) await listen(t, me);
    const { headers } = await api.refused(STREAM, "TOO_MANY_VIEWERS", { token: me.token });
    assert.ok(Number(headers["retry-after"]) >= 1);
  });
});
