import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { accessTokenExpiry, signAccessToken, verifyAccessToken } from "../../lib/token.ts";

const key = Buffer.from("a key of more than thirty-two characters");
const caller = { user_id: 2 ** 53 - 1, username: "小明 🐼", session_id: 12345 };
const NOW = 1_800_000_000_500;

/** A token made by hand, so that it can be wrong in any way. */
function forge(header: object, claims: object, secret: Uint8Array = key): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

const genuine = {
  sub: "7",
  name: "bob",
  sid: 8,
  iss: "molimoli",
  iat: NOW / 1000,
  exp: NOW / 1000 + 60,
};
const refused = (token: string, type: string, nowMs = NOW) =>
  assert.rejects(verifyAccessToken(key, token, nowMs), { type });

describe("access token", () => {
  it("says who is calling and until when", async () => {
    const token = await signAccessToken(key, caller, NOW, 900);
    assert.deepEqual(await verifyAccessToken(key, token, NOW), {
      ...caller,
      expires_ms: accessTokenExpiry(NOW, 900),
    });
  });

  it("carries the claims sub, name, sid, iat, exp and iss, and nothing else", async () => {
    const [, claims = ""] = (await signAccessToken(key, caller, NOW, 900)).split(".");
    assert.deepEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
      name: caller.username,
      sid: 12345,
      iss: "molimoli",
      sub: "9007199254740991",
      iat: 1_800_000_000,
      exp: 1_800_000_900,
    });
  });

  it("is good until the millisecond before it expires", async () => {
    const token = await signAccessToken(key, caller, NOW, 900);
    const end = accessTokenExpiry(NOW, 900);
    await verifyAccessToken(key, token, end - 1);
    await refused(token, "TOKEN_EXPIRED", end);
  });

  it("accepts the hand-made token that the refusals below differ from", async () => {
    const verified = await verifyAccessToken(key, forge({ alg: "HS256" }, genuine), NOW);
    assert.equal(verified.user_id, 7);
  });

  it("is invalid when anything in it was changed", async () => {
    const token = await signAccessToken(key, caller, NOW, 900);
    const [header, claims, signature] = token.split(".");
    const other = Buffer.from(JSON.stringify({ ...genuine, sub: "1" })).toString("base64url");
    await refused(`${header}.${other}.${signature}`, "TOKEN_INVALID");
    const flipped = signature?.startsWith("A") ? "B" : "A";
    await refused(`${header}.${claims}.${flipped}${signature?.slice(1)}`, "TOKEN_INVALID");
  });

  it("is invalid when another key signed it, expired or not", async () => {
    const foreign = Buffer.from("another key of more than thirty-two characters");
    const token = await signAccessToken(foreign, caller, NOW, 900);
    await refused(token, "TOKEN_INVALID");
    await refused(token, "TOKEN_INVALID", NOW + 1_000_000_000);
  });

  it("is invalid without a signature", async () => {
    const [header, claims] = forge({ alg: "none" }, genuine).split(".");
    await refused(`${header}.${claims}.`, "TOKEN_INVALID");
    await refused(`${header}.${claims}`, "TOKEN_INVALID");
  });

  it("is invalid with any algorithm but HS256", async () => {
    for (const alg of ["none", "HS512", "RS256", "hs256"])
      await refused(forge({ alg }, genuine), "TOKEN_INVALID");
  });

  it("is invalid when it comes from another issuer", async () => {
    await refused(forge({ alg: "HS256" }, { ...genuine, iss: "elsewhere" }), "TOKEN_INVALID");
  });

  it("is invalid when a claim is missing", async () => {
    for (const claim of Object.keys(genuine)) {
      const rest = Object.fromEntries(Object.entries(genuine).filter(([name]) => name !== claim));
      await refused(forge({ alg: "HS256" }, rest), "TOKEN_INVALID");
    }
  });

  it("is invalid when a claim is not what it should be", async () => {
    const wrong = [
      { sub: "0" },
      { sub: "007" },
      { sub: "1e3" },
      { sub: "9007199254740993" },
      { sub: 7 },
      { sid: "8" },
      { sid: 0 },
      { sid: 1.5 },
      { name: null },
      { exp: "later" },
      { iat: null },
    ];
    for (const claim of wrong)
      await refused(forge({ alg: "HS256" }, { ...genuine, ...claim }), "TOKEN_INVALID");
  });

  it("is invalid when it is no token at all", async () => {
    for (const text of ["", ".", "..", "a.b.c", "x".repeat(3000), "é.é.é"])
      await refused(text, "TOKEN_INVALID");
  });
});
