import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { runtimeOf } from "../../mixins/runtime.ts";
import { allOf, bytesOf } from "../support/byte-source.ts";
import { type StartedGateway, startGateway } from "../support/gateway.ts";
import { connectTo } from "../support/raw-client.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const KEY = "video/film.mp4";
const SIZE = 300_000;
const film = await allOf(bytesOf(SIZE));
const gateway = await startGateway({ after });
const store = runtimeOf(gateway.broker).objects;
await store.put(KEY, bytesOf(SIZE));

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(gateway.url + path, { method, headers });
const body = async (response: Response) => Buffer.from(await response.arrayBuffer());

test("an object is served whole, for ever, and so that no browser does anything with it", async () => {
  const response = await get(`/media/${KEY}`);
  assert.equal(response.status, 200);
  assert.ok(film.equals(await body(response)));
  const headers = Object.fromEntries(response.headers);
  assert.match(headers.etag ?? "", /^"[^"]+"$/);
  for (const [name, value] of Object.entries({
    "content-type": "video/mp4",
    "content-length": String(SIZE),
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "access-control-allow-origin": "*",
  }))
    assert.equal(headers[name], value, name);
});

test("a range is served by itself", async () => {
  for (const [range, start, end] of [
    ["bytes=0-0", 0, 0],
    ["bytes=100-199", 100, 199],
    ["bytes=299000-", 299_000, SIZE - 1],
    ["bytes=-10", SIZE - 10, SIZE - 1],
    ["bytes=299999-999999", SIZE - 1, SIZE - 1],
  ] as const) {
    const response = await get(`/media/${KEY}`, { range });
    assert.equal(response.status, 206, range);
    assert.equal(response.headers.get("content-range"), `bytes ${start}-${end}/${SIZE}`);
    assert.equal(response.headers.get("content-length"), String(end - start + 1));
    assert.ok(film.subarray(start, end + 1).equals(await body(response)), range);
  }
});

test("what is no single range of bytes is not heeded", async () => {
  for (const range of ["bytes=0-1,5-6", "items=0-1", "bytes=5-4", "bytes=x"]) {
    const response = await get(`/media/${KEY}`, { range });
    assert.equal(response.status, 200, range);
    assert.equal((await body(response)).length, SIZE);
  }
});

test("a range beyond the end is refused with the size", async () => {
  for (const range of [`bytes=${SIZE}-`, "bytes=-0"]) {
    const response = await get(`/media/${KEY}`, { range });
    assert.equal(response.status, 416);
    assert.equal(response.headers.get("content-range"), `bytes */${SIZE}`);
    const { base_resp } = (await response.json()) as { base_resp: { status_msg: string } };
    assert.equal(base_resp.status_msg, "range not satisfiable");
  }
});

test("a range of another version is answered with the whole", async () => {
  const etag = (await get(`/media/${KEY}`, {}, "HEAD")).headers.get("etag") ?? "";
  for (const [condition, status] of [
    [etag, 206],
    ['"another"', 200],
    [`W/${etag}`, 200],
    ["Sat, 01 Jan 2022 00:00:00 GMT", 200],
  ] as const) {
    const response = await get(`/media/${KEY}`, { range: "bytes=0-9", "if-range": condition });
    assert.equal(response.status, status, condition);
    await response.arrayBuffer();
  }
});

test("who has it already is told so", async () => {
  const etag = (await get(`/media/${KEY}`, {}, "HEAD")).headers.get("etag") ?? "";
  for (const condition of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
    const response = await get(`/media/${KEY}`, { "if-none-match": condition });
    assert.equal(response.status, 304, condition);
    assert.equal(response.headers.get("etag"), etag);
    assert.equal((await body(response)).length, 0);
  }
  assert.equal((await get(`/media/${KEY}`, { "if-none-match": '"other"' })).status, 200);
});

test("HEAD tells the same without the content, and knows no ranges", async () => {
  const response = await get(`/media/${KEY}`, { range: "bytes=0-9" }, "HEAD");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-length"), String(SIZE));
  assert.equal((await body(response)).length, 0);
});

test("an empty object is served", async () => {
  await store.put("image/empty.webp", bytesOf(0));
  const response = await get("/media/image/empty.webp");
  assert.equal(response.status, 200);
  assert.equal((await body(response)).length, 0);
});

test("other methods are refused by name", async () => {
  for (const method of ["POST", "DELETE", "PUT"]) {
    const response = await get(`/media/${KEY}`, {}, method);
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
  assert.equal((await get(`/media/${KEY}`, {}, "OPTIONS")).status, 204);
});

test("nothing leads out of the store or into what is still coming in", async (t) => {
  await store.put("incoming/secret", bytesOf(10));
  const { dataDir } = runtimeOf(gateway.broker).env;
  const outside = await tempDir(t);
  await writeFile(join(outside, "secret.mp4"), "secret");
  await mkdir(join(dataDir, "objects", "video"), { recursive: true });
  await symlink(join(outside, "secret.mp4"), join(dataDir, "objects", "video", "link.mp4"));
  for (const path of [
    "/media/",
    "/media/incoming/secret",
    "/media/video/",
    "/media/video/link.mp4",
    "/media/video/none.mp4",
    "/media//video/film.mp4",
    "/media/video/../video/film.mp4",
    "/media/../jwt-secret",
    "/media/video/../../../jwt-secret",
    "/media/video/..%2f..%2f..%2fjwt-secret",
    "/media/%2e%2e/jwt-secret",
    "/media/video\\film.mp4",
    "/media/video/film.mp4/",
    "/media/video/film.mp4%00",
    "/media/.unfinished/x",
    `/media/video/${"a".repeat(5_000)}.mp4`,
  ]) {
    const answer = await rawGet(t, gateway, path);
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
    assert.ok(!answer.includes("secret\n") && !answer.includes("\nsecret"), path);
  }
});

test("a client that leaves in the middle lets go of the file", async (t) => {
  const big = 20 * 1024 * 1024;
  await store.put("video/big.mp4", bytesOf(big));
  const client = await connectTo(t, gateway.port);
  client.send("GET /media/video/big.mp4 HTTP/1.1\r\nHost: x\r\n\r\n");
  await client.until(/HTTP\/1\.1 200/);
  client.socket.destroy();
  const { dataDir } = runtimeOf(gateway.broker).env;
  await waitFor(async () => !(await openFiles()).includes(join(dataDir, "objects/video/big.mp4")), {
    message: "the file to be closed",
  });
  assert.deepEqual(
    gateway.log.filter((line) => /^(error|fatal) /.test(line)),
    [],
  );
});

/** As it is, where fetch would tidy the path up. */
async function rawGet(t: TestContext, { port }: StartedGateway, path: string): Promise<string> {
  const client = await connectTo(t, port);
  client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await client.closed;
  return client.text();
}

async function openFiles(): Promise<string> {
  const { readdir, readlink } = await import("node:fs/promises");
  const links = await readdir("/proc/self/fd");
  const targets = await Promise.all(
    links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return targets.join("\n");
}
