import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Account, Session } from "../../../contracts/objects.ts";
import { openDatabase } from "../../../lib/database/connect.ts";
import { readEnv } from "../../../lib/env.ts";
import { placements } from "../../support/api-client.ts";
import { strangerToken } from "../../support/tokens.ts";
import { api, newMember, server } from "./suite.ts";

const SESSION_KEYS = ["refresh_token", "token", "user_id"];

/** What an access token says of its owner. */
async function accountOf(token: string): Promise<Account> {
  return (await api.ok<{ user: Account }>("GET /user/me", { token })).user;
}

describe("POST /register", () => {
  for (const placement of placements)
    it(`makes an account from parameters in the ${placement}`, async () => {
      const username = `by ${placement}`;
      const before = Math.floor(Date.now() / 1000);
      const session = await api.ok<Session>("POST /register", {
        [placement]: { username, password: "12345" },
      });
      assert.deepEqual(Object.keys(session).sort(), SESSION_KEYS);
      const { create_time, ...account } = await accountOf(session.token);
      assert.deepEqual(account, { user_id: session.user_id, username });
      assert.ok(create_time >= before && create_time <= Date.now() / 1000);
    });

  it("takes names of every script, and gives them back as they are", async () => {
    for (const username of ["小明同学", "Ωμέγα", "👩‍🚀👩‍🚀", "<b>bold</b>", "' OR 1=1 --"]) {
      const { token } = await api.ok<Session>("POST /register", {
        json: { username, password: "12345" },
      });
      assert.equal((await accountOf(token)).username, username);
    }
  });

  it("takes names of 4 to 31 characters and passwords of 5 to 72", async () => {
    const edges = [
      { username: "abcd", password: "p".repeat(5) },
      { username: "u".repeat(31), password: "p".repeat(72) },
    ];
    for (const json of edges) await api.ok("POST /register", { json });
    for (const [name, bad] of [
      ["username", "abc"],
      ["username", "u".repeat(32)],
      ["password", "1234"],
      ["password", "p".repeat(73)],
    ] as const) {
      const json = { username: "never made", password: "12345", [name]: bad };
      const { data } = await api.refused("POST /register", "BAD_REQUEST", { json });
      assert.deepEqual(
        data?.fields?.map(({ field }) => field),
        [name],
      );
    }
  });

  it("refuses a name that is taken, and leaves its account as it was", async () => {
    const { username, password, token } = await newMember();
    const json = { username, password: "another password" };
    const { data } = await api.refused("POST /register", "USER_EXISTS", { json });
    assert.equal(data, null);
    await api.refused("POST /login", "WRONG_PASSWORD", { json });
    await api.ok("POST /login", { json: { username, password } });
    assert.equal((await accountOf(token)).username, username);
  });

  it("gives one name to one of many who ask at once", async () => {
    const json = { username: "wanted", password: "12345" };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.call("POST /register", { json })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
  });
});

describe("POST /login", () => {
  for (const placement of placements)
    it(`signs in by parameters in the ${placement}`, async () => {
      const { user_id, username, password } = await newMember();
      const session = await api.ok<Session>("POST /login", {
        [placement]: { username, password },
      });
      assert.deepEqual(Object.keys(session).sort(), SESSION_KEYS);
      assert.equal(session.user_id, user_id);
      assert.equal((await accountOf(session.token)).user_id, user_id);
    });

  it("refuses a wrong password", async () => {
    const { username, password } = await newMember();
    for (const wrong of [`${password} `, password.toUpperCase(), password.slice(1)]) {
      const json = { username, password: wrong };
      const { data } = await api.refused("POST /login", "WRONG_PASSWORD", { json });
      assert.equal(data, null);
    }
  });

  it("refuses a name that nobody can have, and says which field that is", async () => {
    for (const username of ["a\u0000b", "\u0000", "'\u0000 OR 1=1 --", "\ud800", " ", ""]) {
      const json = { username, password: "12345" };
      const { data } = await api.refused("POST /login", "BAD_REQUEST", { json });
      assert.deepEqual(
        data?.fields?.map(({ field }) => field),
        ["username"],
      );
    }
  });

  it("refuses a name that nobody has", async () => {
    for (const username of ["nobody here", "x", "' OR '1'='1"]) {
      const json = { username, password: "12345" };
      await api.refused("POST /login", "USER_NOT_FOUND", { json });
    }
  });
});

describe("POST /token/refresh", () => {
  for (const placement of placements)
    it(`gives a new pair for a refresh token in the ${placement}`, async () => {
      const { user_id, token, refresh_token } = await newMember();
      const next = await api.ok<Session>("POST /token/refresh", {
        [placement]: { refresh_token },
      });
      assert.deepEqual(Object.keys(next).sort(), SESSION_KEYS);
      assert.equal(next.user_id, user_id);
      assert.notEqual(next.refresh_token, refresh_token);
      assert.equal((await accountOf(next.token)).user_id, user_id);
      assert.equal((await accountOf(token)).user_id, user_id, "the old access token lives on");
    });

  it("takes each refresh token once: a second use signs the session out", async () => {
    const first = await newMember();
    const json = { refresh_token: first.refresh_token };
    const next = await api.ok<Session>("POST /token/refresh", { json });
    await api.refused("POST /token/refresh", "TOKEN_REVOKED", { json });
    await api.refused("POST /token/refresh", "TOKEN_REVOKED", {
      json: { refresh_token: next.refresh_token },
    });
    await api.refused("GET /user/me", "TOKEN_REVOKED", { token: next.token });
  });

  it("refuses what is no refresh token", async () => {
    const { token, refresh_token } = await newMember();
    const altered = `${refresh_token.startsWith("A") ? "B" : "A"}${refresh_token.slice(1)}`;
    for (const refused of ["x", token, altered, "A".repeat(43), "' OR 1=1 --"])
      await api.refused("POST /token/refresh", "TOKEN_INVALID", {
        json: { refresh_token: refused },
      });
    await api.ok("POST /token/refresh", { json: { refresh_token } });
  });

  it("refuses a session that nobody refreshed for too long", async (t) => {
    const { user_id, refresh_token } = await newMember();
    const database = openDatabase(readEnv({ DATA_DIR: server.dataDir }));
    t.after(() => database.close());
    await database.query("UPDATE sessions SET expires_ms = 1 WHERE user_id = ?", {
      replacements: [user_id],
    });
    await api.refused("POST /token/refresh", "TOKEN_EXPIRED", { json: { refresh_token } });
  });
});

describe("POST /logout", () => {
  it("makes all tokens of the session void, at once, and those of no other", async () => {
    const { username, password, token, refresh_token } = await newMember();
    const other = await api.ok<Session>("POST /login", { json: { username, password } });
    assert.deepEqual(await api.ok("POST /logout", { token }), {});
    await api.refused("GET /user/me", "TOKEN_REVOKED", { token });
    await api.refused("POST /logout", "TOKEN_REVOKED", { token });
    await api.refused("POST /token/refresh", "TOKEN_REVOKED", { json: { refresh_token } });
    await api.ok("GET /user/me", { token: other.token });
    await api.ok("POST /token/refresh", { json: { refresh_token: other.refresh_token } });
  });
});

describe("GET /user/me", () => {
  it("shows the account that is signed in, and nothing secret", async () => {
    const { user_id, username, token } = await newMember();
    const { user } = await api.ok<{ user: Account }>("GET /user/me", { token });
    assert.deepEqual(Object.keys(user).sort(), ["create_time", "user_id", "username"]);
    assert.deepEqual({ ...user, create_time: 0 }, { user_id, username, create_time: 0 });
  });

  it("says when the account is there no more", async () => {
    const token = await strangerToken(server.dataDir);
    await api.refused("GET /user/me", "USER_NOT_FOUND", { token });
  });
});
