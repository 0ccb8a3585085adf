import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";
import { QueryTypes } from "sequelize";
import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { plan, SEED_PASSWORD } from "../../scripts/seed/plan.ts";
import { startServer } from "../support/server.ts";

const SEED = join(import.meta.dirname, "..", "..", "scripts", "seed.ts");
const run = promisify(execFile);
const server = await startServer({ after });

/** Runs the seed as the npm script does; a failure is answered too. */
async function seed(...args: string[]) {
  try {
    const { stdout } = await run(process.execPath, [SEED, ...args], { timeout: 120_000 });
    return { code: 0, stdout, stderr: "" };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}
const sown = (users: number, videos: number) =>
  seed("--url", server.url, "--users", String(users), "--videos", String(videos));

/** All rows of the tables that hold what people made. */
async function content(): Promise<Record<string, object[]>> {
  const database = openDatabase(readEnv({ DATA_DIR: server.dataDir }));
  const select = (sql: string) =>
    database.query<{ name: string }>(sql, { type: QueryTypes.SELECT });
  const tables = await select(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  );
  const rows: Record<string, object[]> = {};
  // Whoever signs in has a session more.
  for (const { name } of tables.filter((table) => table.name !== "sessions"))
    rows[name] = await select(`SELECT * FROM \`${name}\` ORDER BY 1`);
  await database.close();
  return rows;
}

describe("npm run seed", () => {
  it("fills a server as planned, and changes nothing the second time", async () => {
    const first = await sown(4, 3);
    assert.equal(first.code, 0, first.stderr);
    const { people, follows, videos, likes, comments, chats } = plan({ users: 4, videos: 3 });
    const made = await content();
    assert.deepEqual(
      made.videos?.map((video) => (video as { title: string }).title).sort(),
      videos.map(({ title }) => title).sort(),
    );
    assert.deepEqual(
      ["users", "relations", "likes", "comments", "video_contents"].map(
        (name) => made[name]?.length,
      ),
      [people.length, follows.length, likes.length, comments.length, videos.length],
    );
    for (const user of made.users ?? [])
      assert.match((user as { avatar: string }).avatar, /^\/media\/image\/.+\.webp$/);
    assert.match(first.stdout, new RegExp(`messages +${chats.length} +${chats.length} new`));
    assert.match(first.stdout, new RegExp(`password ${SEED_PASSWORD}`));

    const second = await sown(4, 3);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /All of it was there already/);
    assert.deepEqual(await content(), made);
  });

  it("adds to what is there when more is asked for", async () => {
    const before = await content();
    const { code, stdout } = await sown(4, 4);
    assert.equal(code, 0);
    assert.match(stdout, /videos +4 +1 new/);
    assert.equal((await content()).videos?.length, (before.videos?.length ?? 0) + 1);
  });

  it("says in one sentence when there is no server", async () => {
    const { code, stderr } = await seed("--url", "http://127.0.0.1:1");
    assert.equal(code, 1);
    assert.match(stderr, /^molimoli: no server is ready at .*npm start.*\n$/);
  });

  it("tells its options, and refuses others", async () => {
    const { stdout } = await seed("--help");
    for (const option of ["--url", "--users", "--videos"]) assert.ok(stdout.includes(option));
    for (const args of [["--users", "1"], ["--videos", "many"], ["--colour"], ["--url", "x"]]) {
      const { code, stderr } = await seed(...args);
      assert.equal(code, 1);
      assert.match(stderr, /^molimoli: .*\n$/);
    }
  });
});
