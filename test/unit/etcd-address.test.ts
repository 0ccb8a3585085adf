import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EnvError, readEnv } from "../../lib/env.ts";
import { parseEtcdUrl } from "../../lib/etcd/address.ts";
import { etcdOptions } from "../../lib/etcd/client-options.ts";

describe("ETCD_URL", () => {
  it("names one member", () => {
    assert.deepEqual(parseEtcdUrl("http://etcd:1234"), {
      endpoints: ["http://etcd:1234"],
      secure: false,
      credentials: null,
    });
  });

  it("names several members, whose port may be the usual one", () => {
    const { endpoints } = parseEtcdUrl("http://a, http://b:80/,http://[::1]:2380,http://a:2379");
    assert.deepEqual(endpoints, ["http://a:2379", "http://b:80", "http://[::1]:2380"]);
  });

  it("asks for TLS", () => {
    const { endpoints, secure } = parseEtcdUrl("https://a,https://b:443");
    assert.deepEqual([endpoints, secure], [["https://a:2379", "https://b:443"], true]);
  });

  it("holds a name and a password, in any one member or the same in all", () => {
    for (const url of [
      "http://me:p%2C%40ss@a,http://b",
      "http://a,http://me:p%2C%40ss@b",
      "http://me:p%2C%40ss@a,http://me:p%2C%40ss@b",
    ]) {
      const { endpoints, credentials } = parseEtcdUrl(url);
      assert.deepEqual(credentials, { username: "me", password: "p,@ss" });
      assert.deepEqual(endpoints, ["http://a:2379", "http://b:2379"]);
    }
  });

  for (const [url, problem] of [
    ["http://a,https://b", "must not mix http:// and https://"],
    ["http://me:x@a,http://me:y@b", "must have the same name and password for every member"],
    ["http://me@a", "must have both a name and a password"],
    ["http://:pass@a", "must have both a name and a password"],
    ["http://me:100%@a", "has a name or password that is not percent-encoded properly"],
    ["http://a/v3", "must have nothing behind host and port"],
    ["http://a?x=1", "must have nothing behind host and port"],
    ["http://a:99999", "must be URLs like http://host:2379, separated by commas"],
    ["http://a,", "must be a URL beginning with http:// or https://"],
    ["etcd://a", "must be a URL beginning with http:// or https://"],
  ] as const)
    it(`is refused once and without showing it: ${url}`, () => {
      assert.throws(
        () => readEnv({ ETCD_URL: url }),
        (error: EnvError) => {
          assert.deepEqual(error.problems, [`ETCD_URL ${problem}`]);
          return true;
        },
      );
    });
});

describe("DISCOVERER", () => {
  const cluster = {
    NATS_URL: "nats://a",
    ETCD_URL: "http://a",
    DATABASE_URL: "mysql://a/b",
    REDIS_URL: "redis://a",
    JWT_SECRET: "x".repeat(32),
  };

  it("is local unless it is etcd", () => {
    assert.equal(readEnv({}).discoverer, "local");
    assert.equal(readEnv({ ...cluster, DISCOVERER: "etcd" }).discoverer, "etcd");
  });

  it("is not etcd without etcd, or without other nodes", () => {
    for (const missing of ["ETCD_URL", "NATS_URL"])
      assert.throws(() => readEnv({ ...cluster, DISCOVERER: "etcd", [missing]: "" }), {
        problems: ["DISCOVERER=etcd needs ETCD_URL and NATS_URL"],
      });
  });

  it("is nothing else", () => {
    assert.throws(() => readEnv({ DISCOVERER: "consul" }), EnvError);
  });
});

it("the options of an etcd client can be looked at without a password", () => {
  const options = etcdOptions(parseEtcdUrl("https://me:geheim@a"));
  assert.doesNotMatch(JSON.stringify(options), /geheim/);
  assert.deepEqual(options.hosts, ["https://a:2379"]);
});
