import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryTypes, type Sequelize } from "sequelize";
import type { DouyinUser, DouyinVideo } from "../../contracts/short-video.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { createObjectStore } from "../../lib/object-store/create-object-store.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import { cleanUp } from "../support/cleanup.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { madeVideo, variantOf } from "../support/made-video.ts";
import { multipart } from "../support/multipart.ts";
import { startS3Server } from "../support/s3/s3-server.ts";
import type { Address } from "../support/show.ts";
import { sha256 } from "../support/some-video.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const AUTHORS = 4;
const FILMS = 6;

interface Film {
  title: string;
  bytes: Buffer;
  /** Whether the server said that it is published; null when it said nothing. */
  published: boolean | null;
}

/** Somebody who publishes one film after the other. */
interface Author {
  user_id: number;
  token: string;
  films: Film[];
}

test("of videos that are published while a node is killed each is there as a whole, once, or not at all", async (t) => {
  const s3 = await startS3Server(t);
  const others = REST.filter((name) => name !== "video");
  const cluster = await startCluster(t, {
    servers: { mariadb: true, redis: true, nats: true },
    nodes: { front: ["api", "push", ...others], left: ["video"], right: ["video"] },
    env: { S3_URL: s3.url },
  });
  const { front } = cluster;
  const database = openDatabase(readEnv({ ...cluster.servers.env }));
  cleanUp(t, () => database.close());
  const objects = createObjectStore({ s3Url: s3.url, dataDir: "" });
  cleanUp(t, () => objects.close());

  const film = await madeVideo(await tempDir(t), "mp4");
  const authors = await Promise.all(
    Array.from({ length: AUTHORS }, (_, n) => newAuthor(front, n, film)),
  );
  const all = authors.flatMap(({ films }) => films);
  const answered = () => all.filter(({ published }) => published === true).length;
  const working = Promise.all(authors.map((author) => publishAll(front, author)));
  await waitFor(() => answered() >= all.length / 4, {
    timeoutMs: 120_000,
    message: "a quarter of the videos to be published",
  });
  await cluster.node("left").kill();
  await cluster.node("left").start();
  await working;
  t.diagnostic(`${answered()} of ${all.length} were answered as published`);
  assert.ok(answered() > all.length / 2);

  for (const author of authors) await agree(front, author);
  assert.deepEqual(await keysIn(objects, "incoming/"), [], "no upload is left");

  await cleanedUp(database);
  await cluster.node("right").kill();
  await cluster.node("right").start();
  const listed = await contentsOf(database);
  for (const [kind, ending] of [
    ["video", "mp4"],
    ["cover", "jpg"],
  ] as const)
    await waitFor(
      async () =>
        assert.deepEqual(
          await keysIn(objects, `${kind}/`),
          listed.map((content) => `${kind}/${content}.${ending}`),
        ) ?? true,
      { timeoutMs: 20_000, message: `the store to hold each ${kind} listed, and nothing else` },
    );
});

async function newAuthor(front: Address, n: number, film: Buffer): Promise<Author> {
  const session = await ask<{ user_id: number; token: string }>(
    front,
    `user/register/?username=author${n}&password=a+secret`,
    { method: "POST" },
  );
  const films = Array.from({ length: FILMS }, (_, k) => ({
    title: `film ${k} of ${n}`,
    bytes: variantOf(film, n * FILMS + k),
    published: null,
  }));
  return { ...session, films };
}

async function publishAll(front: Address, { token, films }: Author): Promise<void> {
  for (const film of films) {
    const { body, type } = multipart([
      { name: "token", value: token },
      { name: "title", value: film.title },
      { name: "data", value: film.bytes },
    ]);
    const sent = { method: "POST", headers: { "content-type": type }, body };
    film.published = await fetch(`${front.url}/douyin/publish/action/`, sent)
      .then(async (answer) => ((await answer.json()) as { status_code: number }).status_code === 0)
      .catch(() => null);
  }
}

/** What an author is told agrees with what is listed, and all of it can be played. */
async function agree(front: Address, { user_id, token, films }: Author): Promise<void> {
  const whose = `token=${token}&user_id=${user_id}`;
  const { video_list } = await ask<{ video_list: DouyinVideo[] }>(front, `publish/list/?${whose}`);
  const { user } = await ask<{ user: DouyinUser }>(front, `user/?${whose}`);
  assert.equal(user.work_count, video_list.length);
  for (const { title, bytes, published } of films) {
    const found = video_list.filter((video) => video.title === title);
    if (published === true) assert.equal(found.length, 1, title);
    else assert.ok(found.length <= 1, title);
    for (const { play_url, cover_url } of found) {
      const played = Buffer.from(await (await fetch(play_url)).arrayBuffer());
      assert.equal(sha256(played), sha256(bytes), title);
      const cover = await fetch(cover_url);
      assert.deepEqual([cover.status, cover.headers.get("content-type")], [200, "image/jpeg"]);
      await cover.arrayBuffer();
    }
  }
}

/** Makes what was begun look old: the node that starts next takes it away. */
async function cleanedUp(database: Sequelize): Promise<void> {
  await database.query("UPDATE video_contents SET touched_ms = 1 WHERE state <> 'stored'");
}

async function contentsOf(database: Sequelize): Promise<string[]> {
  const rows = await database.query<{ content: string }>(
    "SELECT DISTINCT content FROM videos ORDER BY content",
    { type: QueryTypes.SELECT },
  );
  return rows.map(({ content }) => content);
}

async function keysIn(objects: ObjectStore, folder: string): Promise<string[]> {
  return (await Array.fromAsync(objects.list(folder))).map(({ key }) => key).sort();
}

async function ask<T>(front: Address, path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(`${front.url}/douyin/${path}`, init);
  const body = (await answer.json()) as { status_code: number };
  assert.equal(body.status_code, 0, `${path}: ${JSON.stringify(body)}`);
  return body as T;
}
