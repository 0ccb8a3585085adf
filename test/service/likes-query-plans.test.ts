import assert from "node:assert/strict";
import { it } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import comment from "../../services/comment/comment.service.ts";
import config from "../../services/config/config.service.ts";
import favorite from "../../services/favorite/favorite.service.ts";
import { startNode } from "../support/node.ts";
import { recordStatements } from "../support/statements.ts";
import { by, videoCards } from "../support/video-cards.ts";

it("likes and comments are found by an index, whatever is asked", async (t) => {
  const broker = await startNode(t, {
    services: [config, favorite, comment, videoCards(5, (video_id) => 100 + video_id)],
  });
  const tables = ["likes", "video_like_counts", "user_like_counts", "comments"];
  const statements = recordStatements(runtimeOf(broker).database, [
    ...tables,
    "video_comment_counts",
  ]);
  const [video_id, user_id] = [1, 7];
  await call(broker, "favorite.like", { video_id }, by(user_id));
  await call(broker, "favorite.list", { user_id });
  await call(broker, "favorite.counts", { video_ids: [1, 2], user_ids: [7, 101], viewer: 7 });
  await call(broker, "favorite.unlike", { video_id }, by(user_id));
  const said = await call(broker, "comment.create", { video_id, comment_text: "hi" }, by(user_id));
  await call(broker, "comment.list", { video_id });
  await call(broker, "comment.counts", { video_ids: [1, 2] });
  const { comment_id } = said.comment;
  await call(broker, "comment.remove", { video_id, comment_id }, by(user_id));

  assert.deepEqual(await statements.indexes(), [
    "INTEGER PRIMARY KEY",
    "comments_video",
    "likes_newest",
    "sqlite_autoindex_likes_1",
  ]);
  assert.equal(statements.texts().length, 8);
});
