import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placements } from "../../support/api-client.ts";
import { api, endedShow, historyOf, type Member, newMember, newShow, say } from "./suite.ts";

/** Tries to speak; answers the details of the refusal. */
async function refusedAsMuted(sender: Member, live_id: number, content = "may I?") {
  const json = { live_id, type: 0, content };
  const sent = { token: sender.token, json };
  return (await api.refused("POST /message/live", "MUTED", sent)).data;
}

describe("POST /room/live/mute", () => {
  for (const placement of placements)
    it(`mutes and unmutes a user, asked to in the ${placement}`, async () => {
      const { live_id, owner } = await newShow();
      const loud = await newMember();
      const mute = (seconds: number) =>
        api.ok("POST /room/live/mute", {
          token: owner.token,
          [placement]: { live_id, user_id: loud.user_id, seconds },
        });

      const before = Date.now() / 1000;
      assert.deepEqual(await mute(600), {});
      const data = await refusedAsMuted(loud, live_id);
      const until = data?.until as number;
      assert.ok(until >= before + 599 && until <= Date.now() / 1000 + 601, String(until));
      assert.deepEqual(await historyOf(live_id), []);

      assert.deepEqual(await mute(0), {});
      await say(loud, live_id, "thank you");
    });

  it("mutes in that room only, and nobody else", async () => {
    const [here, there] = [await newShow(), await newShow()];
    const [loud, calm] = [await newMember(), await newMember()];
    await api.ok("POST /room/live/mute", {
      token: here.owner.token,
      json: { live_id: here.live_id, user_id: loud.user_id, seconds: 600 },
    });
    await refusedAsMuted(loud, here.live_id);
    await say(calm, here.live_id, "calm");
    await say(here.owner, here.live_id, "of the owner");
    await say(loud, there.live_id, "elsewhere");
  });

  it("mutes a user before they said anything, and in a room that nobody watches", async () => {
    const { live_id, owner } = await newShow();
    const loud = await newMember();
    await api.ok("POST /room/live/mute", {
      token: owner.token,
      json: { live_id, user_id: loud.user_id, seconds: 1_000 },
    });
    await refusedAsMuted(loud, live_id);
  });

  it("lets the last word of the owner count", async () => {
    const { live_id, owner } = await newShow();
    const loud = await newMember();
    const mute = (seconds: number) =>
      api.ok("POST /room/live/mute", {
        token: owner.token,
        json: { live_id, user_id: loud.user_id, seconds },
      });
    await mute(1_000);
    const long = (await refusedAsMuted(loud, live_id))?.until as number;
    await mute(100);
    const short = (await refusedAsMuted(loud, live_id))?.until as number;
    assert.ok(short < long);
  });

  it("unmutes a user who is not muted", async () => {
    const { live_id, owner } = await newShow();
    const { user_id } = await newMember();
    const json = { live_id, user_id, seconds: 0 };
    await api.ok("POST /room/live/mute", { token: owner.token, json });
  });

  it("is refused for a user that is not there", async () => {
    const { live_id, owner } = await newShow();
    const json = { live_id, user_id: 12_345, seconds: 60 };
    await api.refused("POST /room/live/mute", "USER_NOT_FOUND", { token: owner.token, json });
  });

  it("is refused for the owner", async () => {
    const { live_id, owner } = await newShow();
    const json = { live_id, user_id: owner.user_id, seconds: 60 };
    const sent = { token: owner.token, json };
    const { data } = await api.refused("POST /room/live/mute", "BAD_REQUEST", sent);
    assert.equal(data?.fields?.[0]?.field, "user_id");
    await say(owner, live_id, "still allowed");
  });

  it("is refused when the show is over", async () => {
    const { live_id, owner } = await endedShow();
    const { user_id } = await newMember();
    const json = { live_id, user_id, seconds: 60 };
    await api.refused("POST /room/live/mute", "ROOM_NOT_LIVE", { token: owner.token, json });
  });
});
