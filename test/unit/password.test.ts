import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import {
  DECOY_BYTES,
  decoy,
  hashPassword,
  SALT_BYTES,
  verifyPassword,
} from "../../services/user/password.ts";

describe("password", () => {
  it("is accepted against its own hash and no other is", async () => {
    const phc = await hashPassword("correct horse 🐎", randomBytes(SALT_BYTES));
    assert.equal(await verifyPassword(phc, "correct horse 🐎"), true);
    assert.equal(await verifyPassword(phc, "correct horse 🐴"), false);
  });

  it("is kept as argon2id with OWASP's cost, in the PHC format without padding", async () => {
    const phc = await hashPassword("secret", Buffer.from("0123456789abcdef"));
    assert.match(
      phc,
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$MDEyMzQ1Njc4OWFiY2RlZg\$[A-Za-z0-9+/]{43}$/,
    );
  });

  it("is hashed beside the event loop, which goes on meanwhile", async () => {
    const startMs = performance.now();
    const hashing = hashPassword("secret", randomBytes(SALT_BYTES));
    const blockedMs = performance.now() - startMs;
    await hashing;
    const wholeMs = performance.now() - startMs;
    assert.ok(blockedMs < wholeMs / 4, `${blockedMs} of ${wholeMs} ms`);
  });

  it("has another hash with another salt", async () => {
    const [one, two] = await Promise.all([
      hashPassword("secret", randomBytes(SALT_BYTES)),
      hashPassword("secret", randomBytes(SALT_BYTES)),
    ]);
    assert.notEqual(one, two);
  });

  it("is checked at the cost that its string names: the reference implementation's vector", async () => {
    const vector =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert.equal(await verifyPassword(vector, "password"), true);
    assert.equal(await verifyPassword(vector, "Password"), false);
  });

  it("cannot be checked against something that is no argon2id string", async () => {
    for (const phc of [
      "",
      "secret",
      "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c",
    ])
      await assert.rejects(verifyPassword(phc, "secret"), /no argon2id string/);
  });

  it("finds no decoy that fits, though a decoy looks like any kept password", async () => {
    const kept = await hashPassword("secret", randomBytes(SALT_BYTES));
    const fake = decoy(randomBytes(DECOY_BYTES));
    assert.equal(fake.length, kept.length);
    assert.equal(fake.slice(0, 31), kept.slice(0, 31));
    assert.equal(await verifyPassword(fake, "secret"), false);
  });
});
