import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../../scripts/stack/options.ts";

const plan = (...args: string[]) => readOptions(args).plan;

test("without options a stack has one of everything, in a throw-away folder", () => {
  assert.deepEqual(readOptions([]), {
    help: false,
    keep: null,
    plan: { mariadb: true, redis: true, nats: { nodes: 1 }, etcd: { auth: false } },
  });
});

test("--only leaves the other servers out", () => {
  assert.deepEqual(plan("--only", "nats, redis"), {
    mariadb: false,
    redis: true,
    nats: { nodes: 1 },
    etcd: false,
  });
});

test("NATS and Redis can be clusters, and etcd can ask for a password", () => {
  assert.deepEqual(plan("--nats-nodes", "3", "--redis-cluster", "--etcd-auth"), {
    mariadb: true,
    redis: { cluster: true },
    nats: { nodes: 3 },
    etcd: { auth: true },
  });
});

test("a folder can be kept", () => {
  assert.equal(readOptions(["--keep", "data/stack"]).keep, "data/stack");
});

const REFUSED: readonly [args: string[], told: RegExp][] = [
  [["--only", "nats,mysql"], /^--only takes some of mariadb,redis,nats,etcd, not "mysql"/],
  [["--only", ""], /^--only takes some of/],
  [["--nats-nodes", "2"], /^--nats-nodes takes 1 or 3, not "2"/],
  [
    ["--only", "redis", "--nats-nodes", "3"],
    /^--nats-nodes needs nats among the servers of --only/,
  ],
  [["--only", "nats", "--redis-cluster"], /^--redis-cluster needs redis/],
  [["--only", "nats", "--etcd-auth"], /^--etcd-auth needs etcd/],
  [["--keep", ""], /^--keep takes a folder/],
  [["--fast"], /^Unknown option '--fast'.*npm run stack -- --help/],
];

for (const [args, told] of REFUSED) {
  test(`refused in one sentence: ${args.join(" ")}`, () => {
    assert.throws(() => readOptions(args), { name: "Failure", message: told });
  });
}
