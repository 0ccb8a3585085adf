import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DouyinComment } from "../../../contracts/short-video.ts";
import { api, bystander, everyWay, type Member, NOBODY, newMember } from "./suite.ts";
import { like, likedBy, listedVideo, typesOf } from "./videos.ts";

const ACTION = "POST /douyin/comment/action/";
const LIST = "GET /douyin/comment/list/";

async function say(who: Member, video_id: number, comment_text: string): Promise<DouyinComment> {
  const form = { token: who.token, video_id, action_type: 1, comment_text };
  return (await api.ok<{ comment: DouyinComment }>(ACTION, { form })).comment;
}

async function commentsOn(video_id: number): Promise<DouyinComment[]> {
  const sent = { query: { video_id } };
  return (await api.ok<{ comment_list: DouyinComment[] }>(LIST, sent)).comment_list;
}

describe(ACTION, () => {
  it("comments, however it is asked", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const video_id = await listedVideo(author);
    let said = 0;
    const answers = await everyWay<{ comment: DouyinComment }>(ACTION, () => ({
      token: fan.token,
      video_id,
      action_type: 1,
      comment_text: `评论 & no. ${++said} 🎉`,
    }));
    for (const [n, { comment }] of answers.entries()) {
      assert.deepEqual(typesOf(comment), {
        id: "number",
        user: "object",
        content: "string",
        create_date: "string",
      });
      assert.deepEqual([comment.content, comment.user.id], [`评论 & no. ${n + 1} 🎉`, fan.user_id]);
      assert.match(comment.create_date, /^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/);
    }
    const listed = await commentsOn(video_id);
    assert.deepEqual(
      listed.map(({ id }) => id),
      answers.map(({ comment }) => comment.id).reverse(),
    );
    await like(fan, video_id);
    assert.equal((await likedBy(fan, fan))[0]?.comment_count, said);
  });

  it("deletes, however it is asked, what its writer or the video's author wants gone", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const video_id = await listedVideo(author);
    let who = fan;
    const answers = await everyWay(ACTION, async () => {
      who = who === fan ? author : fan;
      const { id: comment_id } = await say(fan, video_id, "not for long");
      return { token: who.token, video_id, action_type: 2, comment_id, comment_text: "" };
    });
    for (const answer of answers) assert.deepEqual(answer, {});
    assert.deepEqual(await commentsOn(video_id), []);
  });

  it("deletes nobody else's comment, none twice, and none of another video", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const [video_id, other] = [await listedVideo(author), await listedVideo(author)];
    const { id: comment_id } = await say(fan, video_id, "mine");
    const remove = { video_id, action_type: 2, comment_id };
    const { token } = bystander;
    const refused = await api.refused(ACTION, "NO_COMMENT_RIGHT", { token, json: remove });
    assert.deepEqual([refused.status, refused.code], [200, 40062]);
    const mine = { token: fan.token };
    await api.refused(ACTION, "COMMENT_NOT_FOUND", {
      ...mine,
      json: { ...remove, video_id: other },
    });
    await api.ok(ACTION, { ...mine, json: remove });
    await api.refused(ACTION, "COMMENT_NOT_FOUND", { ...mine, json: remove });
  });

  it("refuses an empty comment, 10,000 characters and words of the filter", async () => {
    const video_id = await listedVideo(await newMember());
    const { token } = bystander;
    const refused = async (comment_text: string | undefined, said: RegExp) => {
      const json = { video_id, action_type: 1, comment_text };
      const answer = await api.refused(ACTION, "BAD_REQUEST", { token, json });
      assert.match(String(answer.json?.status_msg), said);
    };
    await refused("", /comment_text/);
    await refused(" \n ", /comment_text is blank/);
    await refused(undefined, /comment_text is required/);
    await refused("x".repeat(10_000), /comment_text .*500/);
    await refused("\u0000", /comment_text contains control characters/);

    const sent = {
      query: { token, video_id, action_type: 1, comment_text: "un speak able: UNSPEAKABLE" },
    };
    await api.refused(ACTION, "CONTENT_REFUSED", sent);
    assert.equal((await say(bystander, video_id, "darn!")).content, "****!");
  });

  it("refuses a video that there is not, and names what is missing or wrong", async () => {
    const { token } = bystander;
    const json = { video_id: NOBODY, action_type: 1, comment_text: "hello?" };
    await api.refused(ACTION, "VIDEO_NOT_FOUND", { token, json });
    for (const [fields, said] of [
      [{ action_type: 1, comment_text: "x" }, "video_id is missing"],
      [{ video_id: 2 ** 53, action_type: 1, comment_text: "x" }, "video_id must be"],
      [{ video_id: NOBODY, action_type: 3 }, "action_type must be one of 1, 2"],
      [{ video_id: NOBODY, action_type: 2 }, "comment_id is required"],
      [{ video_id: NOBODY, action_type: 2, comment_id: 0 }, "comment_id must be"],
    ] as const) {
      const { json: body } = await api.refused(ACTION, "BAD_REQUEST", { token, json: fields });
      assert.ok(String(body?.status_msg).includes(said), JSON.stringify(body));
    }
  });
});

describe(LIST, () => {
  it("is there for guests and members, however it is asked", async () => {
    const [author, fan] = [await newMember(), await newMember()];
    const video_id = await listedVideo(author);
    const first = await say(fan, video_id, "first");
    const second = await say(author, video_id, "second");
    const { token } = bystander;
    for (const fields of [{ video_id }, { video_id, token }, { video_id, token: "" }])
      for (const { comment_list } of await everyWay<{ comment_list: DouyinComment[] }>(
        LIST,
        () => fields,
      ))
        assert.deepEqual(
          comment_list.map(({ id, content, user }) => [id, content, user.id]),
          [
            [second.id, "second", author.user_id],
            [first.id, "first", fan.user_id],
          ],
        );
  });

  it("refuses a video that there is not", async () => {
    await api.refused(LIST, "VIDEO_NOT_FOUND", { query: { video_id: NOBODY } });
  });
});
