import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Gift } from "../../../contracts/lottery.ts";
import type { Answer } from "../../support/api-client.ts";
import { waitFor } from "../../support/wait-for.ts";
import {
  api,
  generous,
  historyOf,
  messageOf,
  newMember,
  newShow,
  say,
  server,
  watch,
} from "./suite.ts";

/** What an operator sets while the server runs; all of it takes effect together. */
const strict = {
  limiter: { ...generous.limiter, user_rate: 0.01, user_burst: 3 },
  gateway: { sign_in_rate: 0.01, sign_in_burst: 4 },
  words: { refuse: ["verboten", "禁止"], mask: ["rude"] },
  features: { register: false, guests: false },
  hub: { max_viewers: 1 },
};

function hasRetryAfter({ headers }: Answer): void {
  assert.match(String(headers["retry-after"]), /^[1-9]\d{0,3}$/);
}

// Nobody can register any more once that is switched off.
const show = await newShow();
const speaker = await newMember();

function send(content: string) {
  return { token: speaker.token, json: { live_id: show.live_id, type: 0, content } };
}

describe("what operators set while the server runs", () => {
  before(async () => {
    await server.configure(strict);
    const isStrict = async () =>
      (await api.call("GET /message/live", { query: { live_id: 1 } })).code === 10000;
    await waitFor(isStrict, { message: "the configuration to be in force" });
  });

  after(async () => {
    await server.configure(generous);
    const json = { username: "after all", password: "12345" };
    const isGenerous = async () => (await api.call("POST /register", { json })).status === 200;
    await waitFor(isGenerous, { message: "the configuration to be in force", intervalMs: 100 });
  });

  it("switches registering off, and leaves signing in", async () => {
    const json = { username: "too late", password: "12345" };
    const { data } = await api.refused("POST /register", "FEATURE_OFF", { json });
    assert.equal(data, null);
    const { username, password } = speaker;
    await api.ok("POST /login", { json: { username, password } });
  });

  it("refuses texts with a refused word, however it is written", async () => {
    for (const content of ["verboten", "so VERBOTEN!", "ｖｅｒｂｏｔｅｎ", "很禁止了"]) {
      const { data } = await api.refused("POST /message/live", "CONTENT_REFUSED", send(content));
      assert.equal(data, null);
    }
    assert.deepEqual(await historyOf(show.live_id), []);
  });

  it("masks what is to be masked, in history and on the stream", async (t) => {
    const viewer = await watch(t, show.live_id, { token: show.owner.token });
    const id = await say(show.owner, show.live_id, "how rude");
    assert.equal((await messageOf(id)).content, "how ****");
    const found = () => viewer.of("message").find((message) => message.id === id);
    assert.equal((await waitFor(found)).content, "how ****");
  });

  it("has a lottery's prize and keyword follow the lists too", async () => {
    const { token } = show.owner;
    const end_time = Math.floor(Date.now() / 1000) + 600;
    const held = (gift: string, value: string) => ({
      token,
      json: {
        gift: { live_id: show.live_id, gift, count: 1, end_time },
        condition: { kind: "keyword", value },
      },
    });
    for (const [prize, keyword] of [
      ["verboten", "me"],
      ["a mug", "verboten"],
      ["a mug", "rude"],
    ] as const)
      await api.refused("POST /lottery", "CONTENT_REFUSED", held(prize, keyword));
    const { id } = await api.ok<{ id: number }>("POST /lottery", held("a rude mug", "me"));
    const { gift } = await api.ok<{ gift: Gift }>("GET /lottery/single", { query: { id } });
    assert.equal(gift.gift, "a **** mug");
  });

  it("limits how much one user says, and tells when to come back", async () => {
    for (let i = 0; i < 3; i++) await say(speaker, show.live_id, `quick ${i}`);
    const history = await historyOf(show.live_id);
    const refused = await api.refused("POST /message/live", "RATE_LIMITED", send("a 4th"));
    hasRetryAfter(refused);
    const wait = refused.data?.retry_after_ms as number;
    assert.ok(wait > 0 && wait <= 100_000, String(wait));
    assert.equal(refused.headers["retry-after"], String(Math.ceil(wait / 1000)));
    assert.deepEqual(await historyOf(show.live_id), history);
    await say(show.owner, show.live_id, "others may speak");
  });

  it("limits sign-ins of an address, and tells when to come back", async () => {
    for (const operation of ["POST /register", "POST /login", "POST /token/refresh"]) {
      const json =
        operation === "POST /token/refresh"
          ? { refresh_token: "x" }
          : { username: "nobody", password: "12345" };
      const limited = async () => {
        const answer = await api.call(operation, { json });
        return answer.status === 429 && answer;
      };
      hasRetryAfter(await waitFor(limited, { message: `${operation} to be limited` }));
    }
  });

  it("closes the room to guests", async () => {
    const query = { live_id: show.live_id };
    await api.refused("GET /message/live", "NEED_LOGIN", { query });
    await api.ok("GET /room/live/single", { query });
  });

  it("takes so many viewers and no more, and tells the others when to come back", async (t) => {
    const { token } = show.owner;
    const first = await seat(t);
    const sent = { query: { live_id: show.live_id }, token };
    hasRetryAfter(await api.refused("GET /message/live", "TOO_MANY_VIEWERS", sent));
    first.close();
    await seat(t);
  });

  async function seat(t: TestContext) {
    return await waitFor(() => watch(t, show.live_id, { token: show.owner.token }), {
      message: "a free seat",
    });
  }
});
