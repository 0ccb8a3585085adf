import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { ActionHandler, ActionSchema, Context, Middleware, Service } from "moleculer";
import type { Options, Sequelize } from "sequelize";
import type { Params } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import comment from "../../services/comment/comment.service.ts";
import config from "../../services/config/config.service.ts";
import favorite from "../../services/favorite/favorite.service.ts";
import live from "../../services/live/live.service.ts";
import relation from "../../services/relation/relation.service.ts";
import user from "../../services/user/user.service.ts";
import { contentRepo } from "../../services/video/content.repo.ts";
import { defineContents } from "../../services/video/video.model.ts";
import video from "../../services/video/video.service.ts";
import type { VideoStore } from "../../services/video/video.ts";
import { startNode } from "../support/node.ts";
import { someContent, someVideo } from "../support/some-video.ts";
import { recordStatements } from "../support/statements.ts";

/** Every action that is called, by name, in order. */
const called: string[] = [];
const counting: Middleware = {
  name: "Counting",
  localAction(next: ActionHandler, action: ActionSchema) {
    return function counted(this: Service, ctx: Context) {
      called.push(action.name as string);
      return next.call(this, ctx);
    };
  },
};

const product = brokerOptions((await import("../../lib/env.ts")).readEnv({}));
const broker = await startNode(
  { after },
  {
    services: [config, user, live, relation, favorite, comment, video],
    options: { middlewares: [...(product.middlewares ?? []), counting] },
  },
);
const { database } = runtimeOf(broker);
const { videos } = broker.getLocalService("video") as unknown as { videos: VideoStore };

const AUTHORS = 35;
const VIEWER = 900;
const by = (user_id: number) => ({
  meta: { user: { user_id, username: `user${user_id}`, session_id: 1 } },
});
const feed = (params: Params<"video.feed"> = {}, viewer = 0) =>
  call(broker, "video.feed", params, viewer === 0 ? {} : by(viewer));

/** 95 videos of 35 authors, the newest by author 1. */
const people = [...Array.from({ length: AUTHORS }, (_, n) => n + 1), VIEWER, VIEWER + 1];
await database.query(
  `INSERT INTO users (id, username, password, create_time) VALUES ${people
    .map((id) => `(${id}, 'user${id}', '-', 0)`)
    .join(", ")}`,
);
await contentRepo(defineContents(database)).begin(someContent("film"), 1);
const NEWEST = 95;
for (let id = NEWEST; id >= 1; id--)
  await videos.publish(someVideo(id, "film", { author_id: 1 + ((NEWEST - id) % AUTHORS) }), 1);

/** What a piece of work took: the actions called, and the queries asked of the database. */
async function cost<T>(
  work: () => Promise<T>,
): Promise<{ result: T; actions: string[]; queries: string[] }> {
  const { options } = database as Sequelize & { options: Options };
  const queries: string[] = [];
  options.logging = (line) => queries.push(line);
  called.length = 0;
  try {
    return { result: await work(), actions: [...called].sort(), queries };
  } finally {
    options.logging = false;
  }
}

describe("the feed", () => {
  it("takes six actions and at most eight queries for a whole page, cold", async () => {
    const { result, actions, queries } = await cost(() => feed({}, VIEWER));
    assert.equal(result.video_list.length, 30);
    assert.equal(new Set(result.video_list.map(({ author }) => author.id)).size, 30);
    assert.deepEqual(actions, [
      "comment.counts",
      "favorite.counts",
      "live.shows",
      "relation.counts",
      "user.cards",
      "video.feed",
    ]);
    assert.ok(queries.length <= 8, queries.join("\n"));
  });

  it("takes as few of them for a page of one", async () => {
    const oldest = someVideo(1, "film").create_ms;
    const { result, actions, queries } = await cost(() =>
      feed({ latest_time: oldest + 1 }, VIEWER),
    );
    assert.equal(result.video_list.length, 1);
    assert.equal(actions.length, 6);
    assert.ok(queries.length <= 8, queries.join("\n"));
  });

  it("shows a video as its viewer sees it", async () => {
    await call(broker, "favorite.like", { video_id: 95 }, by(VIEWER));
    await call(broker, "favorite.like", { video_id: 95 }, by(2));
    await call(broker, "relation.follow", { to_user_id: 1 }, by(VIEWER));
    await call(broker, "comment.create", { video_id: 95, comment_text: "hello" }, by(2));
    const [seen] = (await feed({}, VIEWER)).video_list;
    const { content } = someVideo(95, "film");
    assert.deepEqual(seen, {
      id: 95,
      author: {
        id: 1,
        name: "user1",
        follow_count: 0,
        follower_count: 1,
        is_follow: true,
        avatar: "",
        background_image: "",
        signature: "",
        total_favorited: "2",
        work_count: 3,
        favorite_count: 0,
        live_id: 0,
      },
      play_url: `/media/video/${content}.mp4`,
      cover_url: `/media/cover/${content}.jpg`,
      favorite_count: 2,
      comment_count: 1,
      is_favorite: true,
      title: "video 95",
    });
    const [asGuest] = (await feed()).video_list;
    assert.equal(asGuest?.is_favorite, false);
    assert.equal(asGuest?.author.is_follow, false);
    assert.equal(asGuest?.favorite_count, 2);
  });

  it("read page by page has every video once, in both units", async () => {
    const seconds = Math.ceil(someVideo(95, "film").create_ms / 1000) + 1;
    for (const first of [undefined, seconds]) {
      const seen: number[] = [];
      let latest_time: number | undefined = first;
      for (;;) {
        const page = await feed(latest_time === undefined ? {} : { latest_time });
        if (page.video_list.length === 0) break;
        assert.ok(page.video_list.length <= 30);
        seen.push(...page.video_list.map(({ id }) => id));
        latest_time = page.next_time;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 95 }, (_, n) => 95 - n),
      );
    }
  });

  it("says who is live: authors, and others whom the viewer follows", async () => {
    const room = (room_name: string) => ({ room_name, description: "" });
    const author = await call(broker, "live.open", room("cats"), by(1));
    const other = await call(broker, "live.open", room("dogs"), by(VIEWER + 1));
    await call(broker, "live.open", room("nobody follows"), by(33));
    for (const to_user_id of [1, VIEWER + 1, 2])
      await call(broker, "relation.follow", { to_user_id }, by(VIEWER));

    const page = await feed({}, VIEWER);
    assert.equal(page.video_list[0]?.author.live_id, author.live_id);
    assert.equal(page.video_list[1]?.author.live_id, 0);
    assert.deepEqual(
      page.live_list.map(({ name, live_id, room_name }) => ({ name, live_id, room_name })),
      [
        { name: `user${VIEWER + 1}`, live_id: other.live_id, room_name: "dogs" },
        { name: "user1", live_id: author.live_id, room_name: "cats" },
      ],
    );
    const guest = await feed();
    assert.equal(guest.video_list[0]?.author.live_id, author.live_id);
    assert.deepEqual(guest.live_list, []);
    const end = await feed({ latest_time: 1_000_000_000_000 }, VIEWER);
    assert.deepEqual(end.video_list, []);
    assert.equal(end.live_list.length, 2);
    await call(broker, "live.close", { live_id: author.live_id }, by(1));
    assert.equal((await feed({}, VIEWER)).video_list[0]?.author.live_id, 0);
  });

  it("works while nobody knows who is live", async () => {
    const schema = broker.getLocalService("live");
    await broker.destroyService(schema);
    const page = await feed({}, VIEWER);
    assert.equal(page.video_list.length, 30);
    assert.deepEqual(page.live_list, []);
    broker.createService(live);
    await broker.waitForServices("live");
  });

  it("is empty where there is nothing older", async () => {
    assert.deepEqual(await feed({ latest_time: 1_000_000_000_000 }), {
      video_list: [],
      live_list: [],
      next_time: 1_000_000_000_000,
    });
  });

  it("finds everything by an index", async () => {
    const statements = recordStatements(database, ["videos", "user_work_counts"]);
    await feed({}, VIEWER);
    await call(broker, "video.by_author", { user_id: 1 });
    assert.deepEqual(await statements.indexes(), [
      "INTEGER PRIMARY KEY",
      "videos_author",
      "videos_time",
    ]);
    assert.ok(statements.texts().length >= 2);
  });
});

describe("an author's list", () => {
  it("has what the author published, the newest first", async () => {
    const { video_list } = await call(broker, "video.by_author", { user_id: 1 }, by(VIEWER));
    assert.deepEqual(
      video_list.map(({ id }) => id),
      [95, 60, 25],
    );
    assert.equal(video_list[0]?.author.name, "user1");
    assert.equal(video_list[0]?.author.work_count, 3);
  });

  it("is empty for who published nothing, and for nobody", async () => {
    for (const user_id of [VIEWER, 123_456])
      assert.deepEqual(await call(broker, "video.by_author", { user_id }), { video_list: [] });
  });
});
