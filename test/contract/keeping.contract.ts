import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import { QueryTypes } from "sequelize";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import { Keeping, LOOSE_MS } from "../../services/storage/keeping.ts";
import storage from "../../services/storage/storage.service.ts";
import { useRepo } from "../../services/storage/use.repo.ts";
import { allOf, bytesOf, sha256Of } from "../support/byte-source.ts";
import { startNode } from "../support/node.ts";

const KEY = "image/a.webp";
const OTHER = "image/b.webp";
const QUOTA = 1_000;
/** After every turn. */
const END = Number.MAX_SAFE_INTEGER;

/** What keeping objects has to be on every database. `setUp` answers a node's environment. */
export function keepingContract(
  name: string,
  setUp: (t: TestContext) => Promise<Record<string, string>>,
): void {
  async function open(t: TestContext, services: ServiceSchema[] = [config as ServiceSchema]) {
    const broker = await startNode(t, { services, env: await setUp(t) });
    const { database, objects } = runtimeOf(broker);
    let nowMs = Date.now();
    const uses = useRepo(database);
    const keeping = new Keeping({ uses, objects, quota: () => QUOTA, now: () => nowMs });
    let came = 0;
    /** Keeps an object of so many bytes that has just come in. */
    async function keep(owner_id: number, object_key: string, bytes: number, purpose = "avatar") {
      const incoming = `incoming/${++came}`;
      await objects.put(incoming, bytesOf(bytes));
      return await keeping.keep({ owner_id, purpose, object_key, bytes }, incoming);
    }
    const later = (ms: number) => {
      nowMs += ms;
    };
    const isThere = async (key: string) => (await objects.head(key)) !== null;
    return { broker, database, objects, uses, keeping, keep, later, isThere };
  }

  describe(`keeping objects: ${name}`, () => {
    it("gives an object its key and counts it for its owner", async (t) => {
      const { keeping, keep, isThere } = await open(t);
      await keep(7, KEY, 300);
      await keep(7, OTHER, 200, "background");
      await keep(8, KEY, 300);
      assert.ok(await isThere(KEY));
      assert.deepEqual(await keeping.usage(7), { bytes: 500, max_bytes: QUOTA });
      assert.equal((await keeping.usage(8)).bytes, 300);
      assert.equal((await keeping.usage(9)).bytes, 0);
    });

    it("counts what is kept twice for the same purpose once", async (t) => {
      const { keeping, keep } = await open(t);
      await keep(7, KEY, 300);
      await keep(7, KEY, 300);
      assert.equal((await keeping.usage(7)).bytes, 300);
    });

    it("keeps no more than the quota, to the byte", async (t) => {
      const { keeping, keep } = await open(t);
      await keep(7, KEY, 600);
      await assert.rejects(keep(7, OTHER, 401), {
        type: "QUOTA_EXCEEDED",
        data: { bytes: 600, max_bytes: QUOTA },
      });
      await assert.rejects(keeping.admit(7, 401), { type: "QUOTA_EXCEEDED" });
      await keeping.admit(7, 400);
      await keep(7, OTHER, 400);
      assert.equal((await keeping.usage(7)).bytes, QUOTA);
    });

    it("keeps no more than the quota when many come at once", async (t) => {
      const { keeping, keep } = await open(t);
      const ends = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => keep(7, `image/${i}.webp`, 300)),
      );
      assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 3);
      for (const end of ends)
        if (end.status === "rejected") assert.equal(end.reason.type, "QUOTA_EXCEEDED");
      assert.equal((await keeping.usage(7)).bytes, 900);
    });

    it("goes on keeping only the last one of a purpose once that is settled", async (t) => {
      const { keeping, keep, later, isThere } = await open(t);
      await keep(7, KEY, 300);
      const turn = await keep(7, OTHER, 200);
      await keep(7, KEY, 300, "background");
      await keeping.settle(7, "avatar", turn);
      assert.equal((await keeping.usage(7)).bytes, 500);
      later(2 * LOOSE_MS);
      await keeping.cleanUp();
      assert.ok((await isThere(KEY)) && (await isThere(OTHER)), "both are in use");
    });

    it("removes what nobody keeps, when that is long ago", async (t) => {
      const { keeping, keep, later, isThere } = await open(t);
      await keep(7, KEY, 300);
      await keeping.settle(7, "avatar", await keep(7, OTHER, 200));
      later(LOOSE_MS / 2);
      assert.equal(await keeping.cleanUp(), 0);
      assert.ok(await isThere(KEY));
      later(LOOSE_MS);
      assert.equal(await keeping.cleanUp(), 1);
      assert.ok(!(await isThere(KEY)));
      assert.ok(await isThere(OTHER));
    });

    it("does not remove what somebody else keeps, or has taken up again", async (t) => {
      const { keeping, keep, later, isThere } = await open(t);
      await keep(7, KEY, 300);
      await keep(8, KEY, 300);
      await keeping.settle(7, "avatar", END);
      later(2 * LOOSE_MS);
      assert.equal(await keeping.cleanUp(), 0);
      await keeping.settle(8, "avatar", END);
      later(2 * LOOSE_MS);
      await keep(9, KEY, 300);
      assert.equal(await keeping.cleanUp(), 0);
      assert.ok(await isThere(KEY));
    });

    it("lets nobody take up what is being removed, and lets them when it is gone", async (t) => {
      const { keeping, keep, later, uses, isThere } = await open(t);
      await keep(7, KEY, 300);
      await keeping.settle(7, "avatar", END);
      later(2 * LOOSE_MS);
      const now = Date.now() + 2 * LOOSE_MS;
      assert.deepEqual(await uses.claimLoose(now - LOOSE_MS, now, 10), [KEY]);
      assert.deepEqual(await uses.claimLoose(now - LOOSE_MS, now, 10), [], "one at a time");
      await assert.rejects(keep(8, KEY, 300), { type: "UNAVAILABLE" });
      assert.equal((await keeping.usage(8)).bytes, 0);
      later(2 * LOOSE_MS);
      assert.equal((await keeping.cleanUp()) > 0, true, "who claimed it died");
      await keep(8, KEY, 300);
      assert.ok(await isThere(KEY));
    });

    it("removes what was begun to be kept by a process that died then", async (t) => {
      const { keeping, objects, uses, later, isThere } = await open(t);
      await uses.expect(KEY, Date.now());
      await objects.put(KEY, bytesOf(10));
      later(2 * LOOSE_MS);
      assert.equal(await keeping.cleanUp(), 1);
      assert.ok(!(await isThere(KEY)));
    });

    it("keeps nothing when the file that came in is not there any more", async (t) => {
      const { keeping } = await open(t);
      const use = { owner_id: 7, purpose: "avatar", object_key: KEY, bytes: 10 };
      await assert.rejects(keeping.keep(use, "incoming/none"), { type: "UNAVAILABLE" });
      assert.equal((await keeping.usage(7)).bytes, 0);
    });

    it("records what others store and remove themselves", async (t) => {
      const { keeping, later, objects, isThere } = await open(t);
      await objects.put("video/a.mp4", bytesOf(10));
      const use = { owner_id: 7, purpose: "video:1", object_key: "video/a.mp4", bytes: 900 };
      await keeping.record(use);
      assert.equal((await keeping.usage(7)).bytes, 900);
      const more = { ...use, purpose: "video:2" };
      await assert.rejects(keeping.record(more), { type: "QUOTA_EXCEEDED" });
      await keeping.settle(7, "video:1", END);
      later(2 * LOOSE_MS);
      await keeping.cleanUp();
      assert.ok(await isThere("video/a.mp4"));
    });

    it("gives each owner turns that grow, also when the same is kept again", async (t) => {
      const { keep } = await open(t);
      const turns = [];
      for (const key of [KEY, OTHER, KEY, KEY]) turns.push(await keep(7, key, 10));
      assert.deepEqual(
        turns,
        [...new Set(turns)].sort((a, b) => a - b),
      );
    });

    it("removes what its last two owners give up at the same time", async (t) => {
      const { keeping, keep, later, isThere } = await open(t);
      const keys = Array.from({ length: 40 }, (_, i) => `image/${i}.webp`);
      for (const key of keys) {
        for (const owner of [1, 2]) await keep(owner, key, 10);
        await Promise.all([1, 2].map((owner) => keeping.settle(owner, "avatar", END)));
      }
      later(2 * LOOSE_MS);
      await keeping.cleanUp();
      for (const key of keys) assert.equal(await isThere(key), false, key);
    });

    it("always keeps what is shown, when the latest turn is, however many replace it at once", async (t) => {
      const { database, keeping, keep, later, isThere } = await open(t);
      const shown = new Map<number, { key: string; turn: number }>();
      const keys = ["image/0.webp", "image/1.webp", "image/2.webp"];
      await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const owner = 1 + (i % 4);
          const key = keys[i % 3] ?? KEY;
          const turn = await keep(owner, key, 10);
          if (turn > (shown.get(owner)?.turn ?? 0)) shown.set(owner, { key, turn });
          await keeping.settle(owner, "avatar", turn);
        }),
      );
      later(2 * LOOSE_MS);
      await keeping.cleanUp();
      const used = await database.query<{ object_key: string; owner_id: number }>(
        "SELECT object_key, owner_id FROM stored_uses",
        { type: QueryTypes.SELECT },
      );
      const kept = new Map(used.map((row) => [Number(row.owner_id), row.object_key]));
      assert.equal(used.length, 4, "one each");
      for (const [owner, { key }] of shown) assert.equal(kept.get(owner), key);
      for (const key of keys)
        assert.equal(await isThere(key), [...kept.values()].includes(key), key);
    });

    it("gives its actions to the other services", async (t) => {
      const { broker, objects } = await open(t, [config, storage] as ServiceSchema[]);
      await recordsAndAdmits(broker);
      const size = 10;
      await objects.put("incoming/1", bytesOf(size));
      const upload = { object: "incoming/1", size, sha256: sha256Of(await allOf(bytesOf(size))) };
      const image = {
        upload,
        owner: 7,
        purpose: "room:5",
        shape: "cover",
        field: "cover",
      } as const;
      await assert.rejects(call(broker, "storage.image", image), {
        type: "IMAGE_REFUSED",
        data: { fields: [{ field: "cover", problem: "is not a JPEG, PNG or WebP image" }] },
      });
    });
  });
}

async function recordsAndAdmits(broker: ServiceBroker): Promise<void> {
  const kept = { owner: 7, purpose: "video:1", key: "video/a.mp4" };
  await call(broker, "storage.record", { ...kept, bytes: 2 ** 32 });
  const max_bytes = 10_240 * 1024 * 1024;
  assert.deepEqual(await call(broker, "storage.usage", { owner: 7 }), {
    bytes: 2 ** 32,
    max_bytes,
  });
  await call(broker, "storage.admit", { owner: 7, bytes: 1 });
  await assert.rejects(call(broker, "storage.admit", { owner: 7, bytes: max_bytes }), {
    type: "QUOTA_EXCEEDED",
  });
  await call(broker, "storage.settle", { owner: 7, purpose: "video:1", turn: END });
  assert.equal((await call(broker, "storage.usage", { owner: 7 })).bytes, 0);
}
