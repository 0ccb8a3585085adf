import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { readEnv } from "../../lib/env.ts";
import { natsOptions, parseNatsUrl } from "../../lib/nats/options.ts";

const plain = { servers: ["127.0.0.1:4222"], tls: false, credentials: null };

test("a single server, with the usual port", () => {
  assert.deepEqual(parseNatsUrl("nats://127.0.0.1"), plain);
  assert.deepEqual(parseNatsUrl("NATS://127.0.0.1:4222/"), plain);
});

test("user and password, or a token, and TLS", () => {
  assert.deepEqual(parseNatsUrl("tls://anna:p%40s%2Cs%25@nats.example:5222"), {
    servers: ["nats.example:5222"],
    tls: true,
    credentials: { user: "anna", password: "p@s,s%" },
  });
  assert.deepEqual(parseNatsUrl("nats://s%3Acret@h").credentials, { token: "s:cret" });
});

test("several servers, with or without repeating scheme and credentials", () => {
  for (const url of ["nats://a:b@one,two:5222", "nats://a:b@one, nats://a:b@two:5222"])
    assert.deepEqual(parseNatsUrl(url), {
      servers: ["one:4222", "two:5222"],
      tls: false,
      credentials: { user: "a", password: "b" },
    });
  assert.deepEqual(parseNatsUrl("nats://[::1]:5222").servers, ["[::1]:5222"]);
});

for (const [url, problem] of [
  ["http://h", /must begin with nats/],
  ["nats://", /host:port/],
  ["nats://h:port", /host:port/],
  ["nats://a,tls://b", /same scheme/],
  ["nats://a:secret@one,b:secret@two", /same user/],
  ["nats://a:secret@one,a:other@two", /same password/],
  ["nats://:secret@h", /no user/],
  ["nats://100%25%:x@h", /%25/],
  ["nats://h/secret", /behind a server/],
] as const)
  test(`${url} is refused, and nothing secret is shown`, () => {
    assert.throws(
      () => parseNatsUrl(url),
      (error: Error) => problem.test(error.message) && !error.message.includes("secret"),
    );
  });

test("options never show the credentials", () => {
  const options = natsOptions("nats://anna:s3cr3t@h");
  assert.doesNotMatch(inspect(options, { depth: 5 }) + JSON.stringify(options), /anna|s3cr3t/);
  assert.ok(typeof options.authenticator === "function");
  assert.deepEqual(options.authenticator(), { user: "anna", pass: "s3cr3t" });
});

test("the environment is told what is wrong with NATS_URL", () => {
  assert.throws(
    () => readEnv({ NATS_URL: "nats://a:b@one,a:c@two", JWT_SECRET: "x".repeat(32) }),
    /NATS_URL must have the same password for all servers/,
  );
});
