import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { call } from "../../contracts/call.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import favorite from "../../services/favorite/favorite.service.ts";
import { recountContract } from "../contract/recount.contract.ts";
import { cleanUp } from "../support/cleanup.ts";
import { startNode } from "../support/node.ts";
import { tempDir } from "../support/temp-dir.ts";
import { by, videoCards } from "../support/video-cards.ts";

const ROOT = join(import.meta.dirname, "..", "..");

recountContract("SQLite", async (t) => {
  const database = openDatabase(readEnv({ DATA_DIR: await tempDir(t) }));
  cleanUp(t, () => database.close());
  return database;
});

/** What `npm run recount` runs. */
function recount(dataDir: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const env = { ...process.env, DATA_DIR: dataDir, DATABASE_URL: "" };
  return new Promise((done) => {
    execFile(
      process.execPath,
      [join(ROOT, "scripts", "recount.ts"), ...args],
      { env, cwd: ROOT, timeout: 60_000 },
      (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });
}

it("npm run recount tells what is wrong, and sets it right while the server runs", async (t) => {
  const dataDir = await tempDir(t);
  const broker = await startNode(t, {
    services: [favorite, videoCards(5, () => 100)],
    env: { DATA_DIR: dataDir },
  });
  await call(broker, "favorite.like", { video_id: 3 }, by(7));
  const all = await recount(dataDir, "--check");
  assert.equal(all.code, 0);
  assert.match(all.said, /^✓ user_like_counts: right$/m);

  const { database } = runtimeOf(broker);
  await database.query("UPDATE video_like_counts SET likes = 5 WHERE video_id = 3");
  const checked = await recount(dataDir, "--check");
  assert.equal(checked.code, 1);
  assert.match(checked.said, /^ {2}video_id 3: likes 5 should be 1$/m);
  assert.match(checked.said, /^✗ video_like_counts: 1 wrong$/m);

  const mended = await recount(dataDir);
  assert.equal(mended.code, 0);
  assert.match(mended.said, /^✗ video_like_counts: 1 wrong, set right$/m);
  assert.equal((await recount(dataDir, "--check")).code, 0);
  const counts = await call(broker, "favorite.counts", { viewer: 0, video_ids: [3], user_ids: [] });
  assert.equal(counts.videos[0]?.favorite_count, 1);
});

it("npm run recount makes no database where there is none", async (t) => {
  const dataDir = await tempDir(t);
  assert.deepEqual(await recount(dataDir), {
    code: 1,
    said: `There is no database in ${dataDir}.\n`,
  });
  assert.equal((await recount(dataDir, "--sideways")).code, 1);
  assert.match((await recount(dataDir, "--help")).said, /^npm run recount/);
});
