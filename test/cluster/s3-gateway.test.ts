import assert from "node:assert/strict";
import { after, test } from "node:test";
import { runtimeOf } from "../../mixins/runtime.ts";
import api from "../../services/api/api.service.ts";
import config from "../../services/config/config.service.ts";
import live from "../../services/live/live.service.ts";
import message from "../../services/message/message.service.ts";
import push from "../../services/push/push.service.ts";
import storage from "../../services/storage/storage.service.ts";
import user from "../../services/user/user.service.ts";
import { allOf, bytesOf } from "../support/byte-source.ts";
import { someImage } from "../support/images.ts";
import { multipart, multipartType, partHead } from "../support/multipart.ts";
import { startNode } from "../support/node.ts";
import { connectTo } from "../support/raw-client.ts";
import { startS3Server } from "../support/s3/s3-server.ts";
import { waitFor } from "../support/wait-for.ts";

const scope = { after };
const s3 = await startS3Server(scope);
const node = await startNode(scope, {
  services: [config, user, live, push, message, storage],
  env: { S3_URL: s3.url },
});
const gateway = node.createService(api(node) as never) as unknown as {
  server: { address(): { port: number } } | undefined;
};
await waitFor(() => gateway.server !== undefined, { timeoutMs: 30_000 });
const port = gateway.server?.address().port ?? 0;
const url = `http://127.0.0.1:${port}`;
const { objects } = runtimeOf(node);
const { token } = (await ask("/register", {
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ username: "anna", password: "a password" }),
})) as { token: string };

test("an image is remade, kept in the bucket and served from there", async () => {
  const file = { name: "avatar", value: await someImage("png", { width: 300, height: 300 }) };
  const { body, type } = multipart([file]);
  const { avatar } = (await ask("/user/avatar", {
    headers: { "content-type": type, authorization: `Bearer ${token}` },
    body: new Uint8Array(body),
  })) as { avatar: string };
  assert.ok(await objects.head(avatar.replace("/media/", "")));
  const response = await fetch(url + avatar);
  assert.equal(response.headers.get("content-type"), "image/webp");
  const whole = Buffer.from(await response.arrayBuffer());
  assert.equal(whole.toString("latin1", 8, 12), "WEBP");
  const etag = response.headers.get("etag") ?? "";
  const again = await fetch(url + avatar, { headers: { "if-none-match": etag } });
  assert.equal(again.status, 304);
  await waitFor(async () => (await incoming()).length === 0, { message: "the file to be gone" });
});

test("ranges are served from the bucket", async () => {
  const size = 6 * 1024 * 1024;
  await objects.put("video/film.mp4", bytesOf(size));
  const film = await allOf(bytesOf(size));
  for (const [range, start, end] of [
    ["bytes=0-0", 0, 0],
    ["bytes=0-1023", 0, 1023],
    ["bytes=5242870-5242889", 5_242_870, 5_242_889],
    ["bytes=-1000", size - 1000, size - 1],
  ] as const) {
    const response = await fetch(`${url}/media/video/film.mp4`, { headers: { range } });
    assert.equal(response.status, 206);
    assert.equal(response.headers.get("content-range"), `bytes ${start}-${end}/${size}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.ok(film.subarray(start, end + 1).equals(bytes), range);
  }
  const beyond = await fetch(`${url}/media/video/film.mp4`, {
    headers: { range: `bytes=${size}-` },
  });
  assert.equal(beyond.status, 416);
  assert.equal((await fetch(`${url}/media/video/none.mp4`)).status, 404);
});

test("an upload that is cut leaves nothing in the bucket", async (t) => {
  const client = await connectTo(t, port);
  const large = 4_000_000;
  client.send(
    `POST /user/avatar HTTP/1.1\r\nhost: x\r\ncontent-type: ${multipartType}\r\n` +
      `authorization: Bearer ${token}\r\ncontent-length: ${large}\r\n` +
      "expect: 100-continue\r\n\r\n",
  );
  await client.until(/HTTP\/1\.1 100 /);
  client.send(partHead({ name: "avatar", value: "", fileName: "a.png" }));
  client.send(Buffer.alloc(1_000_000));
  await waitFor(() => client.socket.writableLength === 0, { message: "all of it to be sent" });
  client.socket.destroy();
  await waitFor(async () => (await s3.unfinished()).length === 0);
  assert.deepEqual(await incoming(), []);
});

async function incoming(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list("incoming/")) keys.push(key);
  return keys;
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url + path, { method: "POST", ...init });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}
