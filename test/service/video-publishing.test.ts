import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ModelStatic } from "sequelize";
import { ProductError } from "../../contracts/errors.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { migrations } from "../../lib/database/migrate.ts";
import { readEnv } from "../../lib/env.ts";
import { FileStore } from "../../lib/object-store/file-store.ts";
import { contentRepo } from "../../services/video/content.repo.ts";
import type { Inspected } from "../../services/video/inspection.ts";
import {
  ABANDONED_MS,
  type PublishingPorts,
  publish,
  removeAbandoned,
} from "../../services/video/publishing.ts";
import { defineContents, type VideoModel, videoEntity } from "../../services/video/video.model.ts";
import { videoRepo } from "../../services/video/video.repo.ts";
import { cleanUp } from "../support/cleanup.ts";
import { sha256 } from "../support/some-video.ts";
import { tempDir } from "../support/temp-dir.ts";

const FILM: Inspected = {
  container: "mp4",
  film: { duration_ms: 1000, width: 160, height: 120 },
  cover: Buffer.from("a frame"),
};
const AUTHOR = 7;

/** A node that publishes into a real database and a real folder. Its clock stands until it is moved. */
async function open(t: TestContext) {
  const folder = await tempDir(t);
  const database = openDatabase(readEnv({ DATA_DIR: folder }));
  cleanUp(t, () => database.close());
  await migrations(database).up();
  const objects = new FileStore(join(folder, "objects"));
  await objects.open();
  const model = database.define(videoEntity.name, videoEntity.define) as ModelStatic<VideoModel>;
  const state = { now: 1_795_300_000_000, id: 0, inspections: 0 };
  const ports = {
    videos: videoRepo(database, model),
    contents: contentRepo(defineContents(database)),
    objects,
    async inspect() {
      state.inspections += 1;
      return FILM;
    },
    admit: async () => {},
    record: async () => {},
    newId: () => ++state.id,
    now: () => state.now,
  } satisfies PublishingPorts;

  /** What the gateway does before: the bytes are in the store under a name for now. */
  async function arrive(bytes: string, as = "one") {
    const object = `incoming/${as}`;
    const { size } = await objects.put(object, [Buffer.from(bytes)] as never);
    return { object, sha256: sha256(bytes), size };
  }
  const keys = async () => (await Array.fromAsync(objects.list(""))).map(({ key }) => key).sort();
  const listed = () => ports.videos.findBefore(Number.POSITIVE_INFINITY, 100);
  const works = async () => (await ports.videos.findWorks([AUTHOR]))[0]?.works ?? 0;
  return { ports, state, arrive, keys, listed, works };
}

/** The node dies at its nth call of a port: before that does anything, or when it is done. */
function dying(ports: PublishingPorts, n: number, when: "before" | "after"): PublishingPorts {
  let calls = 0;
  const mortal = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          const isLast = ++calls === n;
          if (isLast && when === "before") throw new Error("killed");
          const result = await member.apply(target, args);
          if (isLast) throw new Error("killed");
          return result;
        };
      },
    });
  return {
    ...ports,
    videos: mortal(ports.videos),
    contents: mortal(ports.contents),
    objects: mortal(ports.objects),
    ...mortal({ inspect: ports.inspect, admit: ports.admit, record: ports.record }),
  };
}

describe("publishing", () => {
  it("stores the bytes under their content's name, with a cover, and lists the video", async (t) => {
    const { ports, arrive, keys, listed, works, state } = await open(t);
    const upload = await arrive("film");
    const id = await publish(ports, upload, AUTHOR, "cats");
    assert.deepEqual(await listed(), [
      {
        id,
        author_id: AUTHOR,
        content: upload.sha256,
        container: "mp4",
        title: "cats",
        create_ms: state.now,
        works: 1,
      },
    ]);
    assert.equal(await works(), 1);
    assert.deepEqual(await keys(), [`cover/${upload.sha256}.jpg`, `video/${upload.sha256}.mp4`]);
  });

  it("neither inspects nor stores bytes that are known", async (t) => {
    const { ports, arrive, keys, listed, works, state } = await open(t);
    await publish(ports, await arrive("film"), AUTHOR, "one");
    const before = (await keys()).length;
    await publish(ports, await arrive("film", "two"), AUTHOR, "two");
    await publish(ports, await arrive("film", "three"), 8, "three");
    assert.equal(state.inspections, 1);
    assert.equal((await keys()).filter((key) => !key.startsWith("incoming/")).length, before);
    assert.equal((await listed()).length, 3);
    assert.equal(await works(), 2);
  });

  it("leaves nothing of a file that is refused", async (t) => {
    const { ports, arrive, keys, listed } = await open(t);
    const upload = await arrive("text");
    const refusing = {
      ...ports,
      inspect: () => Promise.reject(new ProductError("NOT_A_VIDEO")),
    };
    await assert.rejects(publish(refusing, upload, AUTHOR, "no"), { type: "NOT_A_VIDEO" });
    assert.deepEqual(await keys(), [upload.object]);
    assert.deepEqual(await listed(), []);
    assert.equal(await ports.contents.find(upload.sha256), null);
  });

  it("of the same bytes by several at once stores them once and lists each", async (t) => {
    const { ports, arrive, keys, listed, works } = await open(t);
    const uploads = await Promise.all([1, 2, 3, 4].map((n) => arrive("film", `upload${n}`)));
    await Promise.all(uploads.map((upload, n) => publish(ports, upload, AUTHOR, `title ${n}`)));
    assert.equal((await listed()).length, 4);
    assert.equal(await works(), 4);
    assert.equal((await keys()).filter((key) => key.startsWith("video/")).length, 1);
  });

  it("waits for a clean-up that has the same bytes, instead of losing them to it", async (t) => {
    const { ports, arrive, state } = await open(t);
    const upload = await arrive("film");
    await assert.rejects(publish(dying(ports, 6, "before"), upload, AUTHOR, "dies"));
    state.now += ABANDONED_MS + 1;
    await ports.contents.claimAbandoned(state.now, state.now, 10);
    await assert.rejects(publish(ports, await arrive("film"), AUTHOR, "early"), {
      type: "UNAVAILABLE",
      retryable: true,
    });
    state.now += ABANDONED_MS + 1;
    assert.equal(await removeAbandoned(ports, state.now), 1);
    await publish(ports, await arrive("film"), AUTHOR, "later");
  });

  it("is all or nothing, wherever the node dies", async (t) => {
    for (let step = 1, survived = false; !survived; step++) {
      for (const when of ["before", "after"] as const) {
        const { ports, arrive, keys, listed, works, state } = await open(t);
        const upload = await arrive("film");
        const [run] = await Promise.allSettled([
          publish(dying(ports, step, when), upload, AUTHOR, "cats"),
        ]);
        survived = run.status === "fulfilled";
        const place = `${when} step ${step}`;

        const videos = await listed();
        assert.equal(await works(), videos.length, place);
        const stored = [`cover/${upload.sha256}.jpg`, `video/${upload.sha256}.mp4`];
        if (videos.length > 0)
          assert.deepEqual(
            (await keys()).filter((key) => !key.startsWith("incoming/")),
            stored,
          );

        state.now += ABANDONED_MS + 1;
        await removeAbandoned(ports, state.now);
        const left = (await keys()).filter((key) => !key.startsWith("incoming/"));
        assert.deepEqual(left, videos.length > 0 ? stored : [], place);

        await publish(ports, await arrive("film"), AUTHOR, "again");
        assert.equal((await listed()).length, videos.length + 1, place);
        assert.equal(await works(), videos.length + 1, place);
      }
    }
  });

  it("is cleaned up for good, wherever the node that cleans dies", async (t) => {
    for (let step = 1, survived = false; !survived; step++) {
      const { ports, arrive, keys, state } = await open(t);
      const upload = await arrive("film");
      // Everything is in the store, and then it is not listed.
      await assert.rejects(publish(dying(ports, 8, "before"), upload, AUTHOR, "cats"), /killed/);
      assert.equal((await keys()).length, 2);
      state.now += ABANDONED_MS + 1;
      const [run] = await Promise.allSettled([
        removeAbandoned(dying(ports, step, "after"), state.now),
      ]);
      survived = run.status === "fulfilled";
      state.now += ABANDONED_MS + 1;
      await removeAbandoned(ports, state.now);
      assert.deepEqual(await keys(), []);
      assert.equal(await ports.contents.find(upload.sha256), null);
    }
  });
});
