import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { QueryTypes, type Sequelize } from "sequelize";
import type { DouyinUser, DouyinVideo } from "../../contracts/short-video.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { findDrift } from "../../lib/database/recount.ts";
import { readEnv } from "../../lib/env.ts";
import { createIdGenerator } from "../../lib/ids.ts";
import { signingKey } from "../../lib/secret.ts";
import { signAccessToken } from "../../lib/token.ts";
import { userLikes, videoLikes } from "../../services/favorite/counters.ts";
import { type Chance, chance } from "../support/chance.ts";
import { cleanUp } from "../support/cleanup.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { Fan } from "../support/fans.ts";
import { startServer } from "../support/server.ts";
import { type Account, type Address, ask, register } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const FANS = 50;
const VIDEOS = 20;
const AUTHORS = 4;
const OPERATIONS = 10_000;
/** The same in one process with its own database. */
const FEW_FANS = 12;
const FEW_OPERATIONS = 1_500;

test("50 users like and unlike 20 videos 10,000 times on two nodes, one of which is killed: all counts agree with what was answered", async (t) => {
  const everything = ["api", "push", ...REST];
  const cluster = await startCluster(t, {
    servers: { mariadb: true, redis: true, nats: true },
    nodes: { left: everything, right: everything },
  });
  const random = chance(t);
  const database = openDatabase(readEnv({ ...cluster.servers.env }));
  cleanUp(t, () => database.close());
  const authors = await Promise.all(Array.from({ length: AUTHORS }, () => register(cluster.front)));
  const videos = await publish(database, authors);
  const key = new TextEncoder().encode(cluster.servers.env.JWT_SECRET);
  const gateways = [...cluster.gateways.values()];
  const fans = await newFans(FANS, key, gateways);

  await storm(t, { fans, videos, random, operations: OPERATIONS }, async () => {
    await cluster.node("left").kill();
    await cluster.node("left").start();
  });
  const liked = await likesAsAnswered(database, fans);
  await agreeOverHttp(gateways, fans, authors, videos, liked);
});

test("likes of one process that is killed agree with its counts when it is back", async (t) => {
  let server = await startServer(t);
  const random = chance(t);
  const authors = await Promise.all(Array.from({ length: AUTHORS }, () => register(server)));
  const database = openDatabase(readEnv({ DATA_DIR: server.dataDir }));
  cleanUp(t, () => database.close());
  const videos = await publish(database, authors);
  const key = signingKey(readEnv({ DATA_DIR: server.dataDir }));
  const fans = await newFans(FEW_FANS, key, [server]);

  await storm(t, { fans, videos, random, operations: FEW_OPERATIONS }, async () => {
    server.process.child.kill("SIGKILL");
    await server.process.ended;
    server = await server.again();
  });
  const liked = await likesAsAnswered(database, fans);
  await agreeOverHttp([server], fans, authors, videos, liked);
});

/** Listed videos, of one author after the other. */
async function publish(database: Sequelize, authors: readonly Account[]): Promise<number[]> {
  const ids = createIdGenerator({ worker: 127 });
  const videos = Array.from({ length: VIDEOS }, () => ids.next());
  const rows = videos.map(
    (id, n) =>
      `(${id}, ${authors[n % AUTHORS]?.userId}, '${"0".repeat(64)}', 'mp4', 'no. ${n}', ${n + 1})`,
  );
  await database.query(
    `INSERT INTO videos (id, author_id, content, container, title, create_ms) VALUES ${rows}`,
  );
  return videos;
}

/** People who are signed in; that they have accounts is nothing to likes. */
function newFans(count: number, key: Uint8Array, gateways: readonly Address[]): Promise<Fan[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const userId = n + 1;
      const caller = { user_id: userId, username: `fan ${userId}`, session_id: userId };
      const token = await signAccessToken(key, caller, Date.now(), 3_600);
      return new Fan({ userId, token, gateways });
    }),
  );
}

interface Storm {
  fans: readonly Fan[];
  videos: readonly number[];
  random: Chance;
  operations: number;
}

/** Lets all fans act at once until there were enough operations, with a kill in the middle. */
async function storm(
  t: TestContext,
  { fans, videos, random, operations }: Storm,
  killAndStart: () => Promise<void>,
): Promise<void> {
  let begun = 0;
  const began = performance.now();
  const answered = () => sum(fans, (fan) => fan.answered);
  const acting = Promise.all(
    fans.map(async (fan) => {
      while (begun < operations) {
        begun += 1;
        await fan.act(random, videos);
      }
    }),
  );
  const half = waitFor(() => answered() >= operations / 2, {
    timeoutMs: 120_000,
    intervalMs: 1,
    message: "half of the operations to be answered",
  });
  await Promise.race([half, acting]);
  const before = answered();
  await killAndStart();
  await acting;

  const seconds = (performance.now() - began) / 1000;
  const lost = sum(fans, (fan) => fan.lost);
  t.diagnostic(
    `${answered()} likes and unlikes answered, ${lost} answers lost, killed after ${before}, ` +
      `in ${seconds.toFixed(1)} s: ${Math.round(answered() / seconds)} per second`,
  );
  assert.equal(answered() + lost, operations);
  assert.ok(before < operations, `killed after ${before}`);
  // Only around the kill: each fan waits for one answer at a time.
  assert.ok(lost <= 4 * fans.length, `${lost} answers were lost`);
}

/** Who likes what, by the rows, which agree with all that was answered and with the counters. */
async function likesAsAnswered(
  database: Sequelize,
  fans: readonly Fan[],
): Promise<Map<number, Set<number>>> {
  const liked = await likesByFan(database);
  for (const { userId, truth } of fans)
    for (const [video, known] of truth)
      if (known !== "unknown")
        assert.equal(liked.get(userId)?.has(video) ?? false, known, `${userId} likes ${video}`);
  assert.deepEqual(await driftOf(database), [], "counters agree with the rows");
  return liked;
}

async function likesByFan(database: Sequelize): Promise<Map<number, Set<number>>> {
  const rows = await database.query<{ user_id: number; video_id: number }>(
    "SELECT user_id, video_id FROM likes",
    { type: QueryTypes.SELECT },
  );
  const liked = new Map<number, Set<number>>();
  for (const { user_id, video_id } of rows)
    liked.set(user_id, (liked.get(user_id) ?? new Set()).add(video_id));
  return liked;
}

async function driftOf(database: Sequelize): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const counter of [videoLikes, userLikes])
    for await (const drift of findDrift(database, counter, false)) found.push(drift);
  return found;
}

/** What clients are told by all gateways, once no cache remembers anything else. */
async function agreeOverHttp(
  gateways: readonly Address[],
  fans: readonly Fan[],
  authors: readonly Account[],
  videos: readonly number[],
  liked: ReadonlyMap<number, ReadonlySet<number>>,
): Promise<void> {
  const likesOf = (video: number) =>
    sum(fans, ({ userId }) => (liked.get(userId)?.has(video) ? 1 : 0));
  const [token = ""] = authors.map((author) => author.token);
  const get = <T>(gateway: Address, path: string) =>
    ask<T>(gateway, "GET", `${path}&token=${token}`);
  for (const gateway of gateways)
    await waitFor(
      async () => {
        for (const { userId } of fans) {
          const list = await get<{ video_list: DouyinVideo[] }>(
            gateway,
            `/douyin/favorite/list/?user_id=${userId}`,
          );
          const listed = new Map(
            list.video_list.map(({ id, favorite_count }) => [id, favorite_count]),
          );
          assert.deepEqual(new Set(listed.keys()), liked.get(userId) ?? new Set());
          for (const [video, count] of listed) assert.equal(count, likesOf(video));
        }
        for (const [n, { userId }] of authors.entries()) {
          const { user } = await get<{ user: DouyinUser }>(
            gateway,
            `/douyin/user/?user_id=${userId}`,
          );
          const works = videos.filter((_, at) => at % AUTHORS === n);
          assert.equal(user.total_favorited, `${sum(works, likesOf)}`);
        }
        return true;
      },
      { timeoutMs: 20_000, intervalMs: 500, message: "everybody to be told the same" },
    );
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
