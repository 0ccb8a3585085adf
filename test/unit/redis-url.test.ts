import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnv } from "../../lib/env.ts";
import { parseRedisUrl } from "../../lib/redis/redis-url.ts";

const single = {
  kind: "single",
  tls: false,
  servers: [{ host: "127.0.0.1", port: 6379 }],
  username: null,
  password: null,
  database: 0,
  sentinel: null,
};

test("a single server, with defaults for all but its name", () => {
  assert.deepEqual(parseRedisUrl("redis://127.0.0.1"), single);
  assert.deepEqual(parseRedisUrl("REDIS://127.0.0.1:6379/"), single);
});

test("user, password, database and TLS", () => {
  assert.deepEqual(parseRedisUrl("rediss://anna:p%40s%2Cs%25@redis.example:6380/15"), {
    ...single,
    tls: true,
    servers: [{ host: "redis.example", port: 6380 }],
    username: "anna",
    password: "p@s,s%",
    database: 15,
  });
  assert.equal(parseRedisUrl("redis://:secret@h").password, "secret");
  assert.equal(parseRedisUrl("redis://:secret@h").username, null);
});

test("an IPv6 address stands in brackets", () => {
  assert.deepEqual(parseRedisUrl("redis://[::1]:7000").servers, [{ host: "::1", port: 7000 }]);
});

test("nodes of a cluster, separated by commas, with or without repeating scheme and password", () => {
  const expected = {
    ...single,
    kind: "cluster",
    servers: [
      { host: "a", port: 7000 },
      { host: "b", port: 7001 },
      { host: "c", port: 6379 },
    ],
    password: "secret",
  };
  for (const url of [
    "redis+cluster://:secret@a:7000,b:7001,c",
    "redis+cluster://:secret@a:7000, redis+cluster://:secret@b:7001, redis+cluster://:secret@c",
  ])
    assert.deepEqual(parseRedisUrl(url), expected);
  assert.equal(parseRedisUrl("rediss+cluster://a").tls, true);
});

test("Sentinels, the name they know the servers by, and their own password", () => {
  assert.deepEqual(parseRedisUrl("redis+sentinel://:secret@a,b:5000/3?name=live"), {
    ...single,
    kind: "sentinel",
    servers: [
      { host: "a", port: 26379 },
      { host: "b", port: 5000 },
    ],
    password: "secret",
    database: 3,
    sentinel: { name: "live", password: null },
  });
  assert.deepEqual(parseRedisUrl("rediss+sentinel://a?sentinel_password=s%26t").sentinel, {
    name: "mymaster",
    password: "s&t",
  });
});

test("the environment is told what is wrong with REDIS_URL", () => {
  assert.throws(() => readEnv({ REDIS_URL: "redis://:secret@a,b" }), {
    name: "EnvError",
    problems: ["REDIS_URL names several servers, which redis:// cannot have"],
  });
  const url = "redis+cluster://:secret@a:7000,b:7001";
  assert.equal(readEnv({ REDIS_URL: url }).redisUrl, url);
});

const wrong: [url: string, problem: RegExp][] = [
  ["", /must begin with redis:\/\/ or rediss:\/\/ or/],
  ["localhost:6379", /must begin with/],
  ["http://localhost", /must begin with/],
  ["redis://:secret@", /must name its servers as host:port/],
  ["redis://:secret@a:port", /must name its servers as host:port/],
  ["redis://:secret@a:70000", /must name its servers as host:port/],
  ["redis://:secret@a,b", /names several servers, which redis:\/\/ cannot have/],
  ["redis+cluster://:secret@a,", /names a server without a host/],
  ["redis+cluster://:secret@a,redis://b", /must have the same scheme for all servers/],
  ["redis+cluster://:secret@a,:other@b", /must have the same password for all servers/],
  ["redis+cluster://:secret@a/1", /a Redis Cluster has only number 0/],
  ["redis://:secret@a/one", /must have a whole number as its database/],
  ["redis://:secret@a/-1", /must have a whole number as its database/],
  ["redis://:secret@a/1.5", /must have a whole number as its database/],
  ["redis://:secret%@a", /must have % in a user name or password written as %25/],
  ["redis://:secret@a?tls=true", /has an option that redis:\/\/ does not know: tls/],
  ["redis+sentinel://:secret@a?master=live", /does not know: master/],
];
for (const [url, problem] of wrong) {
  test(`"${url}" is refused, and the error keeps the secret`, () => {
    assert.throws(
      () => parseRedisUrl(url),
      (error) =>
        error instanceof RangeError &&
        problem.test(error.message) &&
        !/secret|other/.test(error.message),
    );
  });
}
