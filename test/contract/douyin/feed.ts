import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DouyinVideo, FeedVideo, FollowedShow } from "../../../contracts/short-video.ts";
import { openDatabase } from "../../../lib/database/connect.ts";
import { readEnv } from "../../../lib/env.ts";
import { api, bystander, everyWay, type Member, NOBODY, newMember, server } from "./suite.ts";
import { like, typesOf } from "./videos.ts";

const FEED = "GET /douyin/feed/";
const LIST = "GET /douyin/publish/list/";

interface Page {
  video_list: FeedVideo[];
  next_time: number;
  live_list: FollowedShow[];
}

const CONTENT = "5eed".padEnd(64, "0");
let made = 0;

/** Videos at these times (Unix ms), the newest first; answers their ids in that order. */
async function publishedAt(author: Member, times: readonly number[]): Promise<number[]> {
  const ids = times.map(() => 5_000_000 + ++made);
  const rows = times.map((ms, n) => [ids[n], author.user_id, CONTENT, "mp4", `film ${ms}`, ms]);
  const database = openDatabase(readEnv({ DATA_DIR: server.dataDir }));
  await database.query(
    `INSERT INTO videos (id, author_id, content, container, title, create_ms)
      VALUES ${rows.map(() => "(?)").join(", ")}`,
    { replacements: rows },
  );
  await database.close();
  return ids;
}

/** The ids of everything older than a time and not before another, page by page. */
async function readFrom(latest_time: number, endMs: number): Promise<number[]> {
  const seen: number[] = [];
  for (let latest = latest_time; ; ) {
    const { video_list, next_time } = await api.ok<Page>(FEED, { query: { latest_time: latest } });
    const within = video_list.filter(({ title }) => Number(title.slice(5)) >= endMs);
    seen.push(...within.map(({ id }) => id));
    if (within.length < video_list.length || video_list.length === 0) return seen;
    latest = next_time;
  }
}

describe(FEED, () => {
  it("shows a video with every field of the contract, to guests and members, however it is asked", async () => {
    const author = await newMember();
    const ms = 1_700_000_000_500;
    const [id] = await publishedAt(author, [ms]);
    const { token } = bystander;
    for (const fields of [{ latest_time: ms + 1 }, { latest_time: ms + 1, token }])
      for (const page of await everyWay<Page>(FEED, () => fields)) {
        assert.deepEqual(Object.keys(page).sort(), ["live_list", "next_time", "video_list"]);
        const [video] = page.video_list;
        assert.deepEqual(typesOf(video ?? {}), {
          id: "number",
          author: "object",
          play_url: "string",
          cover_url: "string",
          favorite_count: "number",
          comment_count: "number",
          is_favorite: "boolean",
          title: "string",
        });
        assert.deepEqual([video?.id, video?.author.id], [id, author.user_id]);
        assert.equal(typeof video?.author.total_favorited, "string");
        assert.equal(video?.play_url, `${api.url}/media/video/${CONTENT}.mp4`);
        assert.equal(video?.cover_url, `${api.url}/media/cover/${CONTENT}.jpg`);
      }
  });

  it("begins with the newest without latest_time, and with an empty one, 0, or one to come", async () => {
    const now = Date.now();
    const [id] = await publishedAt(bystander, [now]);
    for (const latest_time of [
      undefined,
      "",
      0,
      "0",
      now + 1_000_000,
      Math.ceil(now / 1000) + 100,
    ]) {
      const { video_list } = await api.ok<Page>(FEED, { query: { latest_time } });
      assert.equal(video_list[0]?.id, id, String(latest_time));
    }
  });

  it("read page by page has everything once, in ms and in seconds", async () => {
    const begin = 1_600_000_000_000;
    // 40 in one second, then one every 300 ms.
    const times = [
      ...Array.from({ length: 40 }, (_, n) => begin + 90_000 + n * 7),
      ...Array.from({ length: 60 }, (_, n) => begin + n * 300),
    ].sort((a, b) => b - a);
    const ids = await publishedAt(await newMember(), times);
    assert.deepEqual(await readFrom(begin + 100_000, begin), ids);
    assert.deepEqual(await readFrom((begin + 100_000) / 1000, begin), ids);
  });

  it("has at most 30 and says when the oldest of them was published, in the unit of the question", async () => {
    const begin = 1_500_000_000_000;
    const times = Array.from({ length: 50 }, (_, n) => begin - n * 5_000);
    await publishedAt(bystander, times);
    const first = await api.ok<Page>(FEED, { query: { latest_time: begin + 1 } });
    assert.equal(first.video_list.length, 30);
    assert.equal(first.next_time, times[29]);
    const seconds = await api.ok<Page>(FEED, { query: { latest_time: begin / 1000 + 1 } });
    assert.equal(seconds.video_list.length, 30);
    assert.equal(seconds.next_time, (times[29] ?? 0) / 1000);
  });

  it("ends with an empty list and the time it was asked for", async () => {
    const { video_list, next_time } = await api.ok<Page>(FEED, { query: { latest_time: 1 } });
    assert.deepEqual([video_list, next_time], [[], 1]);
  });

  it("shows flags to who asks", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const ms = 1_400_000_000_000;
    const [id = 0] = await publishedAt(author, [ms]);
    await like(fan, id);
    await api.ok("POST /douyin/relation/action/", {
      query: { token: fan.token, to_user_id: author.user_id, action_type: 1 },
    });
    const seen = async (token?: string) => {
      const query = { latest_time: ms + 1, token };
      const [video] = (await api.ok<Page>(FEED, { query })).video_list;
      return [video?.is_favorite, video?.author.is_follow, video?.favorite_count];
    };
    assert.deepEqual(await seen(fan.token), [true, true, 1]);
    assert.deepEqual(await seen(author.token), [false, false, 1]);
    assert.deepEqual(await seen(), [false, false, 1]);
  });

  it("says who is live: the author of a video, and whom the caller follows", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const ms = 1_300_000_000_000;
    await publishedAt(author, [ms]);
    const { live_id } = await api.ok<{ live_id: number }>("POST /room/live", {
      token: author.token,
      form: { room_name: "live now", description: "" },
    });
    await api.ok("POST /douyin/relation/action/", {
      query: { token: fan.token, to_user_id: author.user_id, action_type: 1 },
    });
    const query = { latest_time: ms + 1, token: fan.token };
    const page = await api.ok<Page>(FEED, { query });
    assert.equal(page.video_list[0]?.author.live_id, live_id);
    const { user_id: id, username: name } = author;
    assert.deepEqual(page.live_list, [{ id, name, live_id, room_name: "live now", cover_url: "" }]);
    await api.ok("DELETE /room/live", { token: author.token, query: { live_id } });
    assert.deepEqual((await api.ok<Page>(FEED, { query })).live_list, []);
  });

  it("refuses a latest_time that is none", async () => {
    for (const latest_time of [-1, 1.5, "soon", 2 ** 53, "9007199254740993"]) {
      const { json } = await api.refused(FEED, "BAD_REQUEST", { query: { latest_time } });
      assert.match(String(json?.status_msg), /latest_time must be/);
    }
  });
});

describe(LIST, () => {
  it("has what somebody published, the newest first, however it is asked", async () => {
    const author = await newMember();
    const ids = await publishedAt(author, [1_200_000_000_002, 1_200_000_000_001]);
    const { user_id } = author;
    for (const { video_list } of await everyWay<{ video_list: DouyinVideo[] }>(LIST, () => ({
      token: bystander.token,
      user_id,
    })))
      assert.deepEqual(
        video_list.map(({ id, author: { name } }) => [id, name]),
        ids.map((id) => [id, author.username]),
      );
  });

  it("is the caller's own where nobody else is asked for", async () => {
    const author = await newMember();
    const [id] = await publishedAt(author, [1_100_000_000_000]);
    for (const user_id of [undefined, ""]) {
      const query = { token: author.token, user_id };
      const { video_list } = await api.ok<{ video_list: DouyinVideo[] }>(LIST, { query });
      assert.deepEqual(
        video_list.map((video) => video.id),
        [id],
      );
    }
  });

  it("is empty for who published nothing, and for nobody", async () => {
    const { token } = bystander;
    for (const user_id of [(await newMember()).user_id, NOBODY]) {
      const { video_list } = await api.ok<{ video_list: DouyinVideo[] }>(LIST, {
        query: { token, user_id },
      });
      assert.deepEqual(video_list, []);
    }
  });
});
