import assert from "node:assert/strict";
import { test } from "node:test";
import { fail } from "../../contracts/errors.ts";
import { Authenticator, bearerToken } from "../../services/api/authenticator.ts";

const NOW = 1_800_000_000_000;
const caller = { user_id: 7, username: "u", session_id: 3 };

/** An authenticator whose tokens are "good" (for a minute) or bad, and what it had to check. */
function setUp() {
  const checked: string[] = [];
  const authenticator = new Authenticator((token) => {
    checked.push(token);
    return token === "good" ? { ...caller, expires_ms: NOW + 60_000 } : fail("TOKEN_INVALID");
  });
  return { authenticator, checked };
}

test("a token is checked once and then remembered", async () => {
  const { authenticator, checked } = setUp();
  assert.deepEqual(await authenticator.caller("good", NOW), caller);
  assert.deepEqual(await authenticator.caller("good", NOW + 1), caller);
  assert.deepEqual(checked, ["good"]);
});

test("a remembered token is checked again when it expires", async () => {
  const { authenticator, checked } = setUp();
  await authenticator.caller("good", NOW);
  await authenticator.caller("good", NOW + 60_000);
  assert.deepEqual(checked, ["good", "good"]);
});

test("a bad token is refused every time", async () => {
  const { authenticator } = setUp();
  for (let i = 0; i < 2; i++)
    await assert.rejects(authenticator.caller("bad", NOW), { type: "TOKEN_INVALID" });
});

test("a token of a session that was signed out is refused, also when it is remembered", async () => {
  const { authenticator } = setUp();
  await authenticator.caller("good", NOW);
  authenticator.revoke(3, NOW + 60_000, NOW);
  await assert.rejects(authenticator.caller("good", NOW), { type: "TOKEN_REVOKED" });
});

test("signing out one session leaves the others alone", async () => {
  const { authenticator } = setUp();
  authenticator.revoke(4, NOW + 60_000, NOW);
  assert.deepEqual(await authenticator.caller("good", NOW), caller);
});

test("the token is found in a bearer header, whatever the case of its scheme", () => {
  assert.equal(bearerToken("Bearer abc"), "abc");
  assert.equal(bearerToken("bearer abc "), "abc");
  assert.equal(bearerToken("Basic abc"), null);
  assert.equal(bearerToken(undefined), null);
});
