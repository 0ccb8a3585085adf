import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Etcd3 } from "etcd3";
import { Cluster, Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import { connect, type NatsConnection } from "nats";
import { Stack } from "../../scripts/stack/stack.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { isAlive } from "../support/is-alive.ts";
import { startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** A test that ends when it is told to. */
function scopeToEnd(): CleanupScope & { end(): Promise<void> } {
  const hooks: (() => Promise<void>)[] = [];
  return {
    after: (hook) => void hooks.push(hook),
    end: async () => {
      for (const hook of hooks) await hook();
    },
  };
}

async function sql(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query(statement);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}

function redisAt(t: TestContext, url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => null, commandTimeout: 5_000 });
  redis.on("error", () => {});
  cleanUp(t, () => redis.disconnect());
  return redis;
}

async function natsAt(t: TestContext, urls: string): Promise<NatsConnection> {
  const nodes = urls.split(",").map((url) => new URL(url));
  const { username: user, password: pass } = nodes[0] as URL;
  const nats = await connect({
    servers: nodes.map(({ host }) => host),
    user,
    pass,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
  });
  cleanUp(t, () => nats.close());
  return nats;
}

function etcdAt(t: TestContext, url: string): Etcd3 {
  const { origin, username, password } = new URL(url);
  const auth = username === "" ? {} : { auth: { username, password } };
  const etcd = new Etcd3({ hosts: origin, ...auth });
  cleanUp(t, () => etcd.close());
  return etcd;
}

test("a row in MariaDB survives a kill -9 and a restart on the same port", async (t) => {
  const { mariadb, env } = await startStack(t, { mariadb: true });
  const url = env.DATABASE_URL as string;
  await sql(url, "CREATE TABLE danmaku (content VARCHAR(20))");
  await sql(url, "INSERT INTO danmaku VALUES ('你好 🎉')");
  await mariadb.kill("SIGKILL");
  await assert.rejects(sql(url, "SELECT 1"), { code: "ECONNREFUSED" });
  await mariadb.restart();
  assert.deepEqual(await sql(url, "SELECT content FROM danmaku"), [{ content: "你好 🎉" }]);
});

test("a key in Redis survives a kill -9 and a restart on the same port", async (t) => {
  const { redis, env } = await startStack(t, { redis: true });
  await redisAt(t, env.REDIS_URL as string).set("viewers", "3");
  await redis.kill("SIGKILL");
  await assert.rejects(redisAt(t, env.REDIS_URL as string).get("viewers"));
  await redis.restart();
  assert.equal(await redisAt(t, env.REDIS_URL as string).get("viewers"), "3");
});

test("a message in JetStream survives a kill -9 and a restart on the same port", async (t) => {
  const { nats, env } = await startStack(t, { nats: true });
  const before = await natsAt(t, env.NATS_URL as string);
  const manager = await before.jetstreamManager();
  await manager.streams.add({ name: "durable", subjects: ["durable.>"] });
  await before.jetstream().publish("durable.1", "hello");
  await before.close();
  await nats.kill("SIGKILL");
  await assert.rejects(natsAt(t, env.NATS_URL as string));
  await nats.restart();
  const after = await (await natsAt(t, env.NATS_URL as string)).jetstreamManager();
  assert.equal((await after.streams.getMessage("durable", { seq: 1 })).string(), "hello");
});

test("a key in etcd survives a kill -9 and a restart on the same port", async (t) => {
  const { etcd, env } = await startStack(t, { etcd: true });
  await etcdAt(t, env.ETCD_URL as string)
    .put("push/rate")
    .value("20");
  await etcd.kill("SIGKILL");
  await assert.rejects(
    etcdAt(t, env.ETCD_URL as string)
      .get("push/rate")
      .exec(),
  );
  await etcd.restart();
  assert.equal(
    await etcdAt(t, env.ETCD_URL as string)
      .get("push/rate")
      .string(),
    "20",
  );
});

test("the whole stack starts together, and its environment names everything", async (t) => {
  const started = await startStack(t, { mariadb: true, redis: true, nats: true, etcd: true });
  const { env } = started;
  assert.deepEqual(Object.keys(env).sort(), [
    "DATABASE_URL",
    "ETCD_URL",
    "JWT_SECRET",
    "NATS_URL",
    "REDIS_URL",
  ]);
  assert.deepEqual(await sql(env.DATABASE_URL as string, "SELECT 1 AS one"), [{ one: 1 }]);
  assert.equal(await redisAt(t, env.REDIS_URL as string).ping(), "PONG");
  await (await natsAt(t, env.NATS_URL as string)).flush();
  assert.equal(
    await etcdAt(t, env.ETCD_URL as string)
      .get("nothing")
      .string(),
    null,
  );
  assert.ok((env.JWT_SECRET?.length ?? 0) >= 32);
});

test("MariaDB commits to the disk, in utf8mb4", async (t) => {
  const { env } = await startStack(t, { mariadb: true });
  const [settings] = await sql(
    env.DATABASE_URL as string,
    "SELECT @@innodb_flush_log_at_trx_commit AS flush, @@character_set_database AS charset",
  );
  assert.deepEqual(settings, { flush: 1, charset: "utf8mb4" });
});

test("the user of MariaDB may do nothing outside the database", async (t) => {
  const { env } = await startStack(t, { mariadb: true });
  for (const statement of [
    "CREATE DATABASE another",
    "SELECT * FROM mysql.global_priv",
    "GRANT ALL ON molimoli.* TO somebody@localhost IDENTIFIED BY 'x'",
    "SET GLOBAL max_connections = 1",
    "SHUTDOWN",
  ])
    await assert.rejects(sql(env.DATABASE_URL as string, statement), /denied/, statement);
});

test("nobody gets in without the password", async (t) => {
  const plan = { mariadb: true, redis: true, nats: true, etcd: { auth: true } } as const;
  const { env } = await startStack(t, plan);
  const without = (name: string) => (env[name] as string).replace(/:[^:@/]*@/, ":guess@");
  await assert.rejects(sql(without("DATABASE_URL"), "SELECT 1"), {
    code: "ER_ACCESS_DENIED_ERROR",
  });
  await assert.rejects(
    redisAt(t, `redis://${new URL(env.REDIS_URL as string).host}`).get("viewers"),
    /NOAUTH/,
  );
  await assert.rejects(natsAt(t, without("NATS_URL")), /Authorization Violation/);
  await assert.rejects(etcdAt(t, without("ETCD_URL")).get("push/rate").exec(), /invalid user ID/);
});

test("the user of etcd may use every key and manage nobody, also after a restart", async (t) => {
  const { etcd, env } = await startStack(t, { etcd: { auth: true } });
  const before = etcdAt(t, env.ETCD_URL as string);
  await before.put("push/rate").value("20");
  await assert.rejects(before.user("intruder").create("secret"), /permission denied/);
  await etcd.kill();
  await etcd.restart();
  const after = etcdAt(t, env.ETCD_URL as string);
  assert.equal(await after.get("push/rate").string(), "20");
  await assert.rejects(after.user("intruder").create("secret"), /permission denied/);
});

test("a frozen server answers nobody, and goes on where it was when it thaws", async (t) => {
  const { redis, env } = await startStack(t, { redis: true });
  const client = redisAt(t, env.REDIS_URL as string);
  await client.set("viewers", "3");
  const { pid } = redis;
  await redis.kill("SIGSTOP");
  let answered = false;
  const answer = client.incr("viewers").finally(() => {
    answered = true;
  });
  // The system still takes connections for it: what is asked waits there.
  const socket = redisAt(t, env.REDIS_URL as string);
  await waitFor(() => socket.status === "connect");
  assert.equal(answered, false);
  await redis.kill("SIGCONT");
  assert.equal(await answer, 4);
  assert.equal(redis.pid, pid);
});

test("a frozen server can be restarted, in good order", async (t) => {
  const { nats, env } = await startStack(t, { nats: true });
  const { pid } = nats;
  await nats.kill("SIGSTOP");
  await nats.restart();
  assert.notEqual(nats.pid, pid);
  assert.match(nats.log(), /Server Exiting/);
  await (await natsAt(t, env.NATS_URL as string)).flush();
});

test("three nodes of NATS keep a stream when one of them is killed", async (t) => {
  const { nats, env } = await startStack(t, { nats: { nodes: 3 } });
  const client = await natsAt(t, env.NATS_URL as string);
  const manager = await client.jetstreamManager();
  await manager.streams.add({ name: "durable", subjects: ["durable.>"], num_replicas: 3 });
  await client.jetstream().publish("durable.1", "before");
  const leader = (await manager.streams.info("durable")).cluster?.leader;
  await nats.nodes[Number(leader?.at(-1)) - 1]?.kill("SIGKILL");
  const options = { timeoutMs: 30_000, message: "another leader" };
  const { seq } = await waitFor(() => client.jetstream().publish("durable.2", "after"), options);
  assert.equal(seq, 2);
  assert.equal((await manager.streams.getMessage("durable", { seq: 1 })).string(), "before");
});

test("slots of a Redis Cluster move with their keys while it is used", async (t) => {
  const { redis, env } = await startStack(t, { redis: { cluster: true } });
  const nodes = (env.REDIS_URL as string).split(",").map((url) => new URL(url));
  const cluster = new Cluster(
    nodes.map(({ hostname, port }) => ({ host: hostname, port: Number(port) })),
    { redisOptions: { password: nodes[0]?.password as string } },
  );
  cluster.on("error", () => {});
  cleanUp(t, () => cluster.disconnect());
  const [from, to] = redis.nodes.map(({ url }) => redisAt(t, url)) as [Redis, Redis];

  // All in one slot: the first node's, as "{b}" hashes to 3300.
  const keys = Array.from({ length: 250 }, (_, index) => `{b}:${index}`);
  for (const key of keys) await cluster.set(key, "before");
  assert.equal(await from.cluster("COUNTKEYSINSLOT", 3300), 250);
  const moved = redis.moveSlots([3300], 1);
  for (const key of keys) await cluster.set(key, "during");
  await moved;
  assert.equal(await from.cluster("COUNTKEYSINSLOT", 3300), 0);
  assert.equal(await to.cluster("COUNTKEYSINSLOT", 3300), 250);
  for (const key of keys) assert.equal(await cluster.get(key), "during");
});

test("a killed node of a Redis Cluster comes back with its keys", async (t) => {
  const { redis, env } = await startStack(t, { redis: { cluster: true } });
  const [node] = redis.nodes;
  assert.ok(node && env.REDIS_URL?.startsWith("redis+cluster://"));
  await redisAt(t, node.url).set("{b}", "kept");
  await node.kill();
  await node.restart();
  await redis.ready();
  assert.equal(await redisAt(t, node.url).get("{b}"), "kept");
});

test("a server that does not start says why, in the words of its log", async (t) => {
  const path = await tempDir(t);
  const stack = await Stack.prepare({ redis: true }, { path, throwAway: true });
  cleanUp(t, () => stack.kill());
  const squatter = createServer((socket) => socket.destroy()).listen(
    stack.servers.redis.port,
    "127.0.0.1",
  );
  cleanUp(t, () => squatter.close());
  await assert.rejects(stack.start(), {
    name: "Failure",
    message:
      /^Redis ended before it was ready \(exit code 1\); it said:\n.*Address already in use/s,
  });
});

test("a server that dies unasked fails the test that uses it", async () => {
  const scope = scopeToEnd();
  const { redis } = await startStack(scope, { redis: true });
  const pid = redis.pid as number;
  process.kill(pid, "SIGKILL");
  await waitFor(() => redis.pid === undefined);
  await assert.rejects(scope.end(), {
    message: new RegExp(
      `^Redis \\(process ${pid}\\) ended unexpectedly: SIGKILL; it said last:\n.`,
    ),
  });
});

test("no server outlives the test that started it", async () => {
  const scope = scopeToEnd();
  const { redis, nats, etcd } = await startStack(scope, { redis: true, nats: true, etcd: true });
  const pids = [redis, nats, etcd].map(({ pid }) => pid as number);
  await redis.kill("SIGSTOP");
  await nats.kill("SIGKILL");
  await scope.end();
  assert.deepEqual(pids.map(isAlive), [false, false, false]);
});

test("a throw-away folder goes with its stack, even one that is stopped while it starts", async (t) => {
  const path = join(await tempDir(t), "stack");
  const stack = await Stack.prepare({ mariadb: true }, { path, throwAway: true });
  cleanUp(t, () => stack.kill());
  const start = assert.rejects(stack.start(), { message: /MariaDB was stopped while it started/ });
  await waitFor(() => existsSync(join(path, "mariadb", "data.new")));
  await stack.stop();
  await start;
  assert.equal(existsSync(path), false);
});
