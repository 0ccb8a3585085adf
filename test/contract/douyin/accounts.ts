import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Account, Session } from "../../../contracts/objects.ts";
import type { DouyinUser } from "../../../contracts/short-video.ts";
import { api, bystander, everyWay, inDatabase, type Member, NOBODY, newMember } from "./suite.ts";

/** Every field of a user, and its type, as the clients of this API have them. */
const USER_TYPES = {
  id: "number",
  name: "string",
  follow_count: "number",
  follower_count: "number",
  is_follow: "boolean",
  avatar: "string",
  background_image: "string",
  signature: "string",
  total_favorited: "string",
  work_count: "number",
  favorite_count: "number",
};

const typesOf = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, field]) => [name, typeof field]));

describe("POST /douyin/user/register/", () => {
  it("makes an account and signs in, however it is asked", async () => {
    let members = 0;
    const sessions = await everyWay<Member>("POST /douyin/user/register/", () => ({
      username: `registered ${++members}`,
      password: "12345",
    }));
    assert.equal(new Set(sessions.map(({ user_id }) => user_id)).size, members);
    for (const session of sessions) {
      assert.deepEqual(typesOf(session), { user_id: "number", token: "string" });
      assert.ok(Number.isSafeInteger(session.user_id));
    }
  });

  it("takes names of 4 to 32 and passwords of 5 to 32 characters", async () => {
    const right = { username: "n".repeat(32), password: "p".repeat(32) };
    await api.ok("POST /douyin/user/register/", { json: right });
    for (const wrong of [
      { username: "abc" },
      { username: "n".repeat(33) },
      { username: " abcd" },
      { username: "ab\u0000cd" },
      { password: "1234" },
      { password: "p".repeat(33) },
    ]) {
      const json = { username: "somebody", password: "12345", ...wrong };
      const { json: said } = await api.refused("POST /douyin/user/register/", "BAD_REQUEST", {
        json,
      });
      assert.match(String(said?.status_msg), new RegExp(Object.keys(wrong)[0] ?? ""));
    }
  });

  it("refuses a name that is taken, with HTTP status 200", async () => {
    const { username, password } = bystander;
    const answer = await api.refused("POST /douyin/user/register/", "USER_EXISTS", {
      query: { username, password },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.code, 40005);
  });
});

describe("POST /douyin/user/login/", () => {
  it("signs in, however it is asked", async () => {
    const { username, password, user_id } = bystander;
    const sessions = await everyWay<Member>("POST /douyin/user/login/", () => ({
      username,
      password,
    }));
    for (const session of sessions) {
      assert.equal(session.user_id, user_id);
      await api.ok("GET /douyin/user/", { query: { token: session.token } });
    }
  });

  it("refuses a wrong password and an unknown name, with HTTP status 200", async () => {
    const json = { username: bystander.username, password: "wrong" };
    await api.refused("POST /douyin/user/login/", "WRONG_PASSWORD", { json });
    json.username = "nobody here";
    await api.refused("POST /douyin/user/login/", "USER_NOT_FOUND", { json });
  });

  it("opens accounts of the live side, and the other way round", async () => {
    const old = { username: "of the live side", password: "x".repeat(72) };
    const live = await api.ok<Session>("POST /register", { json: old });
    const here = await api.ok<Member>("POST /douyin/user/login/", { json: old });
    assert.equal(here.user_id, live.user_id);
    const { username, password, user_id } = bystander;
    const there = await api.ok<Session>("POST /login", { json: { username, password } });
    assert.equal(there.user_id, user_id);
  });
});

describe("a token", () => {
  it("works in both dialects, and is good for a week", async () => {
    const { token, user_id } = await newMember();
    const { user } = await api.ok<{ user: Account }>("GET /user/me", { token });
    assert.equal(user.user_id, user_id);
    const { exp, iat } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.equal(exp - iat, 7 * 24 * 3600);
    const live = await api.ok<Session>("POST /register", {
      json: { username: "live and kicking", password: "12345" },
    });
    await api.ok("GET /douyin/user/", { query: { token: live.token } });
  });

  it("is void in both once its session was signed out", async () => {
    const { token } = await newMember();
    await api.ok("POST /logout", { token });
    await api.refused("GET /douyin/user/", "TOKEN_REVOKED", { query: { token } });
  });
});

describe("GET /douyin/user/", () => {
  it("shows a person with every field of the contract, however it is asked", async () => {
    const { token, user_id, username } = bystander;
    for (const { user } of await everyWay<{ user: DouyinUser }>("GET /douyin/user/", () => ({
      token,
      user_id,
    }))) {
      assert.deepEqual(typesOf(user), USER_TYPES);
      assert.deepEqual([user.id, user.name, user.total_favorited], [user_id, username, "0"]);
    }
  });

  it("shows the caller where nobody else is asked for", async () => {
    const { token, user_id } = bystander;
    for (const query of [{ token }, { token, user_id: "" }]) {
      const { user } = await api.ok<{ user: DouyinUser }>("GET /douyin/user/", { query });
      assert.equal(user.id, user_id);
    }
  });

  it("has absolute URLs of images", async () => {
    const { token, user_id } = await newMember();
    await inDatabase("UPDATE users SET avatar = ?, signature = ? WHERE id = ?", [
      "/media/image/a.webp",
      "hello",
      user_id,
    ]);
    const { user } = await api.ok<{ user: DouyinUser }>("GET /douyin/user/", { token });
    assert.equal(user.avatar, `${api.url}/media/image/a.webp`);
    assert.deepEqual([user.background_image, user.signature], ["", "hello"]);
  });

  it("refuses an id that nobody has", async () => {
    const { token } = bystander;
    for (const user_id of [NOBODY, String(NOBODY)])
      await api.refused("GET /douyin/user/", "USER_NOT_FOUND", { token, query: { user_id } });
  });
});
