import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import {
  firstToken,
  nextToken,
  readToken,
  TOKEN_BYTES,
} from "../../services/user/refresh-token.ts";

const fresh = () => firstToken(randomBytes(TOKEN_BYTES));

describe("refresh token", () => {
  it("is 32 bytes in base64url", () => {
    assert.match(fresh().token, /^[A-Za-z0-9_-]{43}$/);
  });

  it("is known by its SHA-256 alone", () => {
    const { token, sum } = fresh();
    const bytes = Buffer.from(token, "base64url");
    assert.equal(sum, createHash("sha256").update(bytes).digest("base64url"));
  });

  it("reads back as what was given out", () => {
    const given = fresh();
    assert.deepEqual(readToken(given.token), given);
  });

  it("stays in its family when it rotates, and is another one", () => {
    const one = fresh();
    const two = nextToken(one, randomBytes(TOKEN_BYTES));
    const three = nextToken(two, randomBytes(TOKEN_BYTES));
    assert.equal(new Set([one, two, three].map((token) => token.familySum)).size, 1);
    assert.equal(new Set([one, two, three].map((token) => token.sum)).size, 3);
    assert.deepEqual(readToken(three.token), three);
  });

  it("shares no family with another sign-in's", () => {
    assert.notEqual(fresh().familySum, fresh().familySum);
  });

  it("is not read from anything else", () => {
    const { token } = fresh();
    const padded = `${token}=`;
    const longer = `${token}A`;
    const otherAlphabet = `${"+/".repeat(21)}A`;
    // The last character carries four bits only; another one with the same four is no second spelling.
    const misspelt = firstToken(Buffer.alloc(TOKEN_BYTES)).token.replace(/A$/, "B");
    for (const text of [
      "",
      "x",
      token.slice(1),
      padded,
      longer,
      otherAlphabet,
      misspelt,
      "é".repeat(43),
    ])
      assert.equal(readToken(text), null, text);
  });
});
