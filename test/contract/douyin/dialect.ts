import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expiredToken, forgedTokens } from "../../support/tokens.ts";
import { api, bystander, newMember, server, spellings } from "./suite.ts";

const guarded = api.description.douyinOperations.filter(({ access }) => access !== "open");
const MALFORMED = ["x", "a.b", "a.b.c.d", "' OR 1=1 --", "a b c", "ключ.ключ.ключ"];

/** Its body may be larger than any other; publish.ts has what it refuses. */
const UPLOAD = "POST /douyin/publish/action/";

/** Of those forged, the ones that look like a token at all. */
async function wrongTokens(): Promise<string[]> {
  const forged = Object.values(await forgedTokens(server.dataDir, bystander.token));
  return forged.filter((token) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token));
}

describe("the token", () => {
  for (const { name, access, takesFile } of guarded) {
    if (access === "user")
      it(`is asked for by ${name}`, async () => {
        for (const spelling of spellings(name)) {
          const { headers, json } = await api.refused(spelling, "NEED_LOGIN");
          assert.deepEqual(json, { status_code: 30001, status_msg: "need login" });
          assert.equal(headers["www-authenticate"], "Bearer");
        }
        await api.refused(name, "TOKEN_EMPTY", { query: { token: "" } });
        await api.refused(name, "TOKEN_EMPTY", { multipart: { token: "" } });
      });

    it(`is looked at by ${name}`, async () => {
      for (const token of MALFORMED)
        await api.refused(name, "TOKEN_MALFORMED", { query: { token } });
      const [form, json] = takesFile
        ? (["multipart", "query"] as const)
        : (["form", "json"] as const);
      await api.refused(name, "TOKEN_MALFORMED", { [json]: { token: 1 } });
      for (const token of await wrongTokens())
        await api.refused(name, "TOKEN_INVALID", { [form]: { token } });
      const token = await expiredToken(server.dataDir);
      await api.refused(name, "TOKEN_EXPIRED", { [json]: { token } });
    });
  }

  it("may be in the header, with and without the word Bearer, which goes before parameters", async () => {
    const { token } = bystander;
    for (const authorization of [`Bearer ${token}`, token])
      await api.ok("GET /douyin/user/", { headers: { authorization } });
    await api.ok("GET /douyin/user/", { token, query: { token: "x" } });
    await api.ok("GET /douyin/user/", { headers: { authorization: "Bearer " }, query: { token } });
  });

  it("may be empty in one place and given in another", async () => {
    const { token } = bystander;
    await api.ok("GET /douyin/user/", { query: { token: "" }, form: { token } });
  });
});

describe("parameters", () => {
  it("that nobody asked for are ignored", async () => {
    const { token, username, password } = bystander;
    const query = { token, device_id: "7", __proto__x: 1, "user[name]": "x", user_name: username };
    await api.ok("GET /douyin/user/", { query });
    const json = { username, password, token: "anything", constructor: 1 };
    await api.ok("POST /douyin/user/login/", { json });
  });

  it("that differ are taken from the body", async () => {
    const other = await newMember();
    const { user } = await api.ok<{ user: { id: number } }>("GET /douyin/user/", {
      query: { user_id: bystander.user_id, token: bystander.token },
      form: { user_id: other.user_id },
    });
    assert.equal(user.id, other.user_id);
  });

  it("may be there twice if they agree, and not otherwise", async () => {
    const { token, user_id } = bystander;
    await api.ok("GET /douyin/user/", { token, query: `user_id=${user_id}&user_id=${user_id}` });
    const { json } = await api.refused("GET /douyin/user/", "BAD_REQUEST", {
      token,
      query: "user_id=1&user_id=2",
    });
    assert.equal(json?.status_msg, "bad request: user_id is given more than once");
  });

  it("are numbers below 2^53, as digits or as JSON", async () => {
    const { token } = bystander;
    for (const user_id of [2 ** 53, "9007199254740993", -1, 0, 1.5, "1e3", "0x10", "one"])
      for (const request of [{ query: { user_id } }, { json: { user_id } }]) {
        const { json } = await api.refused("GET /douyin/user/", "BAD_REQUEST", {
          token,
          ...request,
        });
        assert.match(String(json?.status_msg), /^bad request: user_id must be /);
      }
  });
});

describe("the envelope", () => {
  it("comes first in every answer", async () => {
    const { text } = await api.call("GET /douyin/user/", { token: bystander.token });
    assert.ok(text.startsWith('{"status_code":0,"status_msg":"success","user":{'), text);
  });

  it("is that of this dialect also where there is no such path or method", async () => {
    for (const path of ["/douyin", "/douyin/", "/douyin/nothing/", "/douyin/user/me"]) {
      const { status, json } = await api.send(`GET ${path}`);
      assert.equal(status, 404);
      assert.deepEqual(json, { status_code: 40026, status_msg: "no such path" });
    }
    for (const spelling of spellings("DELETE /douyin/user/")) {
      const { status, headers, json } = await api.send(spelling);
      assert.deepEqual([status, json?.status_code], [405, 40027]);
      assert.equal(headers.allow, "GET, HEAD");
    }
    assert.equal((await api.send("GET /douyins")).json?.status_code, undefined);
  });

  for (const { name } of api.description.douyinOperations)
    it(`of ${name} holds refusals of bodies that cannot be read`, async () => {
      const { token } = bystander;
      await api.refused(name, "UNSUPPORTED_MEDIA_TYPE", { token, type: "text/plain", body: "x" });
      if (name === UPLOAD) return;
      await api.refused(name, "PAYLOAD_TOO_LARGE", { token, form: { x: "x".repeat(70_000) } });
      await api.refused(name, "BAD_REQUEST", { token, type: "application/json", body: "{" });
    });

  it("holds refusals of bodies that cannot be read", async () => {
    const { token } = bystander;
    const send = (type: string, body: string) =>
      api.send("POST /douyin/user/login/", { token, type, body });
    for (const [type, body, status, code] of [
      ["application/json", "{", 200, 40001],
      ["multipart/form-data; boundary=x", "--x\r\nContent-Disp", 200, 40001],
      ["multipart/form-data", "--x--\r\n", 415, 40028],
      ["text/plain", "x", 415, 40028],
      ["application/x-www-form-urlencoded", "x".repeat(70_000), 413, 40024],
    ] as const) {
      const answer = await send(type, body);
      assert.deepEqual([answer.status, answer.code], [status, code], `${type}: ${answer.text}`);
      api.judge("POST /douyin/user/login/", answer);
    }
  });
});
