import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { DouyinVideo } from "../../contracts/short-video.ts";
import { openApi } from "../support/api-client.ts";
import { madeVideo } from "../support/made-video.ts";
import { multipart } from "../support/multipart.ts";
import { startServer } from "../support/server.ts";
import { tempDir } from "../support/temp-dir.ts";

const PUBLISH = "POST /douyin/publish/action/";

it("a server without ffmpeg publishes known bytes, says why it takes no others, and does all else", async () => {
  const scope = { after };
  const folder = await tempDir(scope);
  const [known, unknown] = [await madeVideo(folder, "mp4", 1), await madeVideo(folder, "mp4", 2)];
  const equipped = await startServer(scope);
  let api = await openApi(scope, equipped.url);
  const json = { username: "somebody", password: "a secret" };
  const { token } = await api.ok<{ token: string }>("POST /douyin/user/register/", { json });
  const publish = (film: Buffer, title: string) => ({
    token,
    ...multipart([
      { name: "title", value: title },
      { name: "data", value: film },
    ]),
  });
  await api.ok(PUBLISH, publish(known, "with ffmpeg"));
  await equipped.process.stop();

  const bare = await startServer(scope, { dataDir: equipped.dataDir, env: { PATH: folder } });
  api = await openApi(scope, bare.url);
  await api.ok(PUBLISH, publish(known, "without"));
  const answer = await api.refused(PUBLISH, "VIDEO_TOOLS_MISSING", publish(unknown, "no"));
  assert.equal(answer.status, 503);
  assert.match(String(answer.json?.status_msg), /ffmpeg is missing/);
  const { video_list } = await api.ok<{ video_list: DouyinVideo[] }>("GET /douyin/feed/");
  assert.deepEqual(
    video_list.map(({ title }) => title),
    ["without", "with ffmpeg"],
  );
  assert.equal((await fetch(video_list[0]?.play_url ?? "")).status, 200);
  assert.equal((await fetch(video_list[0]?.cover_url ?? "")).status, 200);
});
