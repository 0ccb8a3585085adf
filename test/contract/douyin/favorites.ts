import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DouyinUser, DouyinVideo } from "../../../contracts/short-video.ts";
import { api, bystander, everyWay, NOBODY, newMember } from "./suite.ts";
import { like, likedBy, listedVideo, typesOf } from "./videos.ts";

const ACTION = "POST /douyin/favorite/action/";
const LIST = "GET /douyin/favorite/list/";

describe(ACTION, () => {
  it("likes and unlikes, however it is asked", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const video_id = await listedVideo(author);
    for (const action_type of [1, 2]) {
      const answers = await everyWay(ACTION, () => ({ token: fan.token, video_id, action_type }));
      for (const answer of answers) assert.deepEqual(answer, {});
      const liked = await likedBy(fan, fan);
      assert.deepEqual(
        liked.map(({ id, favorite_count }) => [id, favorite_count]),
        action_type === 1 ? [[video_id, 1]] : [],
      );
    }
  });

  it("counts for the video, for who likes it and for its author", async () => {
    const [author, fan, other] = [await newMember(), await newMember(), await newMember()];
    const [first, second] = [await listedVideo(author), await listedVideo(author)];
    await like(fan, first);
    await like(other, first);
    await like(fan, second);
    const [newest, oldest] = await likedBy(fan, other);
    assert.deepEqual([newest?.id, newest?.favorite_count, newest?.is_favorite], [second, 1, false]);
    assert.deepEqual([oldest?.id, oldest?.favorite_count, oldest?.is_favorite], [first, 2, true]);
    assert.equal(oldest?.author.total_favorited, "3");
    const { user } = await api.ok<{ user: DouyinUser }>("GET /douyin/user/", {
      query: { token: other.token, user_id: fan.user_id },
    });
    assert.deepEqual([user.favorite_count, user.total_favorited], [2, "0"]);
  });

  it("refuses a video that there is not, with HTTP status 200", async () => {
    const { token } = bystander;
    for (const action_type of [1, 2]) {
      const query = { token, video_id: NOBODY, action_type };
      const { status, code } = await api.refused(ACTION, "VIDEO_NOT_FOUND", { query });
      assert.deepEqual([status, code], [200, 40060]);
    }
  });

  it("names what is missing or wrong", async () => {
    const { token } = bystander;
    for (const [fields, said] of [
      [{ action_type: 1 }, "video_id is missing"],
      [{ video_id: 2 ** 53, action_type: 1 }, "video_id must be"],
      [{ video_id: NOBODY }, "action_type is missing"],
      [{ video_id: NOBODY, action_type: 0 }, "action_type must be one of 1, 2"],
    ] as const) {
      const { json } = await api.refused(ACTION, "BAD_REQUEST", { token, json: fields });
      assert.ok(String(json?.status_msg).includes(said), JSON.stringify(json));
    }
  });
});

describe(LIST, () => {
  it("has every field of the contract, however it is asked", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const video_id = await listedVideo(author, "夏天 🌻");
    await like(fan, video_id);
    const { token, user_id } = fan;
    const lists = await everyWay<{ video_list: DouyinVideo[] }>(LIST, () => ({ token, user_id }));
    for (const { video_list } of lists) {
      const [video] = video_list;
      assert.ok(video !== undefined && video_list.length === 1);
      assert.deepEqual(typesOf(video), {
        id: "number",
        author: "object",
        play_url: "string",
        cover_url: "string",
        favorite_count: "number",
        comment_count: "number",
        is_favorite: "boolean",
        title: "string",
      });
      assert.deepEqual(
        [video.id, video.title, video.author.id],
        [video_id, "夏天 🌻", author.user_id],
      );
      assert.ok(video.play_url.startsWith(`${api.url}/media/video/`), video.play_url);
      assert.ok(video.cover_url.startsWith(`${api.url}/media/cover/`), video.cover_url);
    }
  });

  it("has the last liked first, and more than a hundred of them", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const liked: number[] = [];
    for (let n = 0; n < 104; n++) {
      const video_id = await listedVideo(author);
      await like(fan, video_id);
      liked.unshift(video_id);
    }
    assert.deepEqual(
      (await likedBy(fan, fan)).map(({ id }) => id),
      liked,
    );
  });

  it("is empty for who likes nothing", async () => {
    assert.deepEqual(await likedBy(await newMember(), bystander), []);
  });
});
