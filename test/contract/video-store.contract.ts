import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ModelStatic, Sequelize } from "sequelize";
import { migrations } from "../../lib/database/migrate.ts";
import { contentRepo } from "../../services/video/content.repo.ts";
import { defineContents, type VideoModel, videoEntity } from "../../services/video/video.model.ts";
import { videoRepo } from "../../services/video/video.repo.ts";
import { someContent, someVideo } from "../support/some-video.ts";

/** What every database has to do as a store of videos. `open` answers one without any tables. */
export function videoStoreContract(
  name: string,
  open: (t: TestContext) => Promise<Sequelize>,
): void {
  async function stores(t: TestContext, known: string[] = ["film"]) {
    const database = await open(t);
    await migrations(database).up();
    const model = database.define(videoEntity.name, videoEntity.define) as ModelStatic<VideoModel>;
    const contents = contentRepo(defineContents(database));
    for (const bytes of known) await contents.begin(someContent(bytes), 1);
    return { videos: videoRepo(database, model), contents };
  }
  const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id);

  describe(`a store of videos: ${name}`, () => {
    it("lists a video as it was published, and counts it", async (t) => {
      const { videos, contents } = await stores(t);
      const video = someVideo(5, "film", { title: "喵 🎬" });
      assert.equal(await videos.publish(video, 50), true);
      assert.deepEqual(await videos.findByIds([5, 6]), [video]);
      assert.deepEqual(await videos.findWorks([7, 8]), [{ user_id: 7, works: 1 }]);
      assert.equal((await contents.find(video.content))?.state, "stored");
    });

    it("lists nothing whose bytes nobody began to store", async (t) => {
      const { videos } = await stores(t);
      assert.equal(await videos.publish(someVideo(5, "another film"), 50), false);
      assert.deepEqual(await videos.findByIds([5]), []);
      assert.deepEqual(await videos.findWorks([7]), []);
    });

    it("lists nothing whose bytes are being removed", async (t) => {
      const { videos, contents } = await stores(t);
      assert.equal((await contents.claimAbandoned(100, 200, 10)).length, 1);
      assert.equal(await videos.publish(someVideo(5, "film"), 50), false);
      assert.deepEqual(await videos.findByIds([5]), []);
    });

    it("takes the same bytes as often as they are published", async (t) => {
      const { videos } = await stores(t);
      for (const id of [1, 2, 3]) await videos.publish(someVideo(id, "film"), 50);
      await videos.publish(someVideo(4, "film", { author_id: 8 }), 50);
      assert.deepEqual(idsOf(await videos.findByAuthor(7, 10)), [3, 2, 1]);
      assert.deepEqual(
        (await videos.findWorks([8, 7])).toSorted((a, b) => a.user_id - b.user_id),
        [
          { user_id: 7, works: 3 },
          { user_id: 8, works: 1 },
        ],
      );
    });

    it("lists the newest first, and what is older than a time", async (t) => {
      const { videos } = await stores(t);
      for (const id of [2, 3, 1]) await videos.publish(someVideo(id, "film"), 50);
      assert.deepEqual(idsOf(await videos.findBefore(Number.POSITIVE_INFINITY, 10)), [3, 2, 1]);
      assert.deepEqual(idsOf(await videos.findBefore(1_795_300_000_003, 10)), [2, 1]);
      assert.deepEqual(idsOf(await videos.findBefore(1_795_300_000_003, 1)), [2]);
      assert.deepEqual(await videos.findBefore(1_795_300_000_001, 10), []);
    });

    it("gives each video a time of its own, however many are published at once", async (t) => {
      const { videos } = await stores(t);
      const at = { create_ms: 1_795_300_000_000 };
      const ids = Array.from({ length: 25 }, (_, n) => n + 1);
      await Promise.all(
        ids.map((id) => videos.publish(someVideo(id, "film", { ...at, author_id: id % 3 }), 50)),
      );
      const listed = await videos.findBefore(Number.POSITIVE_INFINITY, 100);
      assert.deepEqual(
        idsOf(listed).toSorted((a, b) => a - b),
        ids,
      );
      const times = listed.map(({ create_ms }) => create_ms);
      assert.equal(new Set(times).size, 25);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      assert.equal(times.at(-1), at.create_ms);
      const works = await videos.findWorks([0, 1, 2]);
      assert.deepEqual(works.map(({ works: n }) => n).toSorted(), [8, 8, 9]);
    });

    it("knows what was begun, and by whom it was finished", async (t) => {
      const { videos, contents } = await stores(t, []);
      const content = someContent("film");
      assert.equal(await contents.find(content.sha256), null);
      assert.equal(await contents.begin(content, 10), "storing");
      assert.deepEqual(await contents.find(content.sha256), {
        ...content,
        state: "storing",
        touched_ms: 10,
      });
      assert.equal(await contents.begin(content, 20), "storing");
      assert.equal((await contents.find(content.sha256))?.touched_ms, 20);
      await videos.publish(someVideo(1, "film"), 30);
      assert.equal(await contents.begin(content, 40), "stored");
    });

    it("lets one of several clean up what was abandoned, and nothing that was touched since", async (t) => {
      const { videos, contents } = await stores(t, ["old", "fresh", "stored"]);
      await contents.begin(someContent("fresh"), 100);
      await videos.publish(someVideo(1, "stored"), 1);
      const claims = await Promise.all([1, 2, 3].map(() => contents.claimAbandoned(100, 500, 10)));
      assert.deepEqual(
        claims.flat().map(({ sha256 }) => sha256),
        [someContent("old").sha256],
      );
      assert.equal(await contents.begin(someContent("old"), 600), "removing");
      await contents.forget(someContent("old").sha256);
      assert.equal(await contents.begin(someContent("old"), 700), "storing");
    });

    it("lets another one finish a clean-up that was abandoned itself", async (t) => {
      const { contents } = await stores(t);
      assert.equal((await contents.claimAbandoned(100, 200, 10)).length, 1);
      assert.equal((await contents.claimAbandoned(200, 300, 10)).length, 0);
      assert.equal((await contents.claimAbandoned(201, 300, 10)).length, 1);
    });

    it("forgets nothing but what is being removed", async (t) => {
      const { contents } = await stores(t);
      const { sha256 } = someContent("film");
      await contents.forget(sha256);
      assert.equal((await contents.find(sha256))?.state, "storing");
    });
  });
}
