import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, type TestContext, test } from "node:test";
import { withLocalCopy } from "../../lib/object-store/local-copy.ts";
import { S3Store } from "../../lib/object-store/s3-store.ts";
import { parseS3Url } from "../../lib/object-store/s3-url.ts";
import { objectStoreContract } from "../contract/object-store.contract.ts";
import { allOf, bytesOf, sha256Of } from "../support/byte-source.ts";
import { cleanUp } from "../support/cleanup.ts";
import { type S3Proxy, startS3Proxy } from "../support/s3/s3-proxy.ts";
import { startS3Server } from "../support/s3/s3-server.ts";
import { waitFor } from "../support/wait-for.ts";

const PART = 5 * 1024 * 1024;
const THREE_PARTS = 2 * PART + 1;

const server = await startS3Server({ after });
let folders = 0;

/** A folder of its own in the bucket for each test. */
async function openBucket(t: TestContext, base = server.url) {
  const store = new S3Store(parseS3Url(`${base}/test${++folders}`));
  cleanUp(t, () => store.close());
  await store.open();
  return { store, unfinished: server.unfinished };
}

async function openThroughProxy(t: TestContext) {
  const proxy = await startS3Proxy(t, server.port);
  return { proxy, ...(await openBucket(t, proxy.url)) };
}

objectStoreContract("S3", openBucket);

for (const how of ["500", "cut"] as const)
  test(`a part that fails (${how}) is sent again, and the object is whole`, async (t) => {
    const { store, proxy, unfinished } = await openThroughProxy(t);
    failOnce(proxy, isPart(2), how);
    const { sha256 } = await store.put("video/a.mp4", bytesOf(THREE_PARTS));
    assert.equal(proxy.requests.filter(isPart(1)).length, 1);
    assert.equal(proxy.requests.filter(isPart(2)).length, 2, "the failed part again, only that");
    const content = await store.get("video/a.mp4");
    assert.equal(sha256Of(await allOf(content?.stream ?? assert.fail("it is there"))), sha256);
    assert.equal(sha256, sha256Of(await allOf(bytesOf(THREE_PARTS))));
    assert.deepEqual(await unfinished(), []);
  });

test("an upload whose part fails for good is aborted, and nothing is left", async (t) => {
  const { store, proxy, unfinished } = await openThroughProxy(t);
  proxy.fault = (request) => (isPart(2)(request) ? "500" : null);
  await assert.rejects(store.put("video/a.mp4", bytesOf(THREE_PARTS)), { type: "UNAVAILABLE" });
  assert.ok(proxy.requests.some((request) => /^DELETE .*uploadId=/.test(request)));
  assert.equal(await store.head("video/a.mp4"), null);
  assert.deepEqual(await unfinished(), []);
});

test("an object of whole parts is whole, however the source cuts it", async (t) => {
  const { store, unfinished } = await openBucket(t);
  for (const size of [PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1]) {
    const expected = await allOf(bytesOf(size, size));
    async function* atOnce(): AsyncGenerator<Uint8Array> {
      yield expected;
    }
    assert.equal((await store.put("video/a.mp4", atOnce())).size, size);
    const content = await store.get("video/a.mp4");
    assert.ok(expected.equals(await allOf(content?.stream ?? assert.fail())), `${size} bytes`);
  }
  assert.deepEqual(await unfinished(), []);
});

test("a source is read no further than a part ahead of a slow server", async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytesOf(8 * PART)) {
      given += piece.length;
      yield piece;
    }
  }
  let givenAtPart1 = 0;
  let furthest = 0;
  proxy.fault = (request) => {
    const part = Number(/partNumber=(\d+)/.exec(request)?.[1] ?? 0);
    if (part === 1) givenAtPart1 = given;
    if (part > 0) furthest = Math.max(furthest, given - part * PART);
    return null;
  };
  await store.put("video/a.mp4", counted());
  assert.ok(givenAtPart1 > 0);
  assert.ok(furthest <= PART, `${furthest} bytes ahead`);
});

test("uploads that a killed process left unfinished are aborted when they are old enough", async (t) => {
  const { store, proxy, unfinished } = await openThroughProxy(t);
  proxy.fault = (request) => (isPart(2)(request) || request.startsWith("DELETE") ? "500" : null);
  await assert.rejects(store.put("video/a.mp4", bytesOf(THREE_PARTS)));
  proxy.fault = () => null;
  assert.equal((await unfinished()).length, 1);
  assert.equal(await store.removeUnfinished(Date.now() - 60_000), 0);
  assert.equal(await store.removeUnfinished(Date.now() + 60_000), 1);
  assert.deepEqual(await unfinished(), []);
});

test("a download that is given up ends its request", async (t) => {
  const { store } = await openThroughProxy(t);
  await store.put("video/a.mp4", bytesOf(PART));
  const content = await store.get("video/a.mp4");
  content?.stream.destroy();
  await waitFor(() => content?.stream.closed);
  assert.equal((await store.head("video/a.mp4"))?.size, PART);
});

test("lists more than fit on one page", async (t) => {
  const { store } = await openBucket(t);
  const count = 1_001;
  await atATime(20, count, (i) => store.put(`image/${i}.webp`, bytesOf(1)));
  const keys = new Set<string>();
  for await (const { key } of store.list("image/")) keys.add(key);
  assert.equal(keys.size, count);
});

test("a program reads a copy, which is gone afterwards", async (t) => {
  const { store } = await openBucket(t);
  await store.put("video/a.mp4", bytesOf(THREE_PARTS));
  const path = await withLocalCopy(store, "video/a.mp4", async (path) => {
    assert.match(path, /\.mp4$/);
    assert.ok((await allOf(bytesOf(THREE_PARTS))).equals(await readFile(path)));
    return path;
  });
  assert.ok(path !== null && !existsSync(path));
  assert.equal(await withLocalCopy(store, "video/none.mp4", async () => 1), null);
});

test("a missing bucket, wrong keys and an absent server are said at the start, without secrets", async (t) => {
  const tell = async (url: string) => {
    const store = new S3Store(parseS3Url(url));
    const { message } = await store.open().then(
      () => assert.fail("it opened"),
      (error: Error) => error,
    );
    await store.close();
    return message;
  };
  const proxy = await startS3Proxy(t, server.port);
  assert.match(await tell(server.url.replace("/molimoli", "/none")), /no such bucket/);
  proxy.fault = () => "403";
  const denied = await tell(proxy.url);
  assert.match(denied, /access is denied/);
  assert.doesNotMatch(denied, /S3RVER/);
  assert.match(await tell("http://a:b@127.0.0.1:1/molimoli"), /ECONNREFUSED/);
});

test("what a server that is gone cannot do is told as unavailable", async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  proxy.fault = () => "500";
  await assert.rejects(store.get("video/a.mp4"), { type: "UNAVAILABLE" });
  await assert.rejects(store.head("video/a.mp4"), { type: "UNAVAILABLE" });
  await assert.rejects(store.put("video/a.mp4", bytesOf(10)), { type: "UNAVAILABLE" });
  await assert.rejects(store.list("").next?.() ?? assert.fail(), { type: "UNAVAILABLE" });
});

function isPart(number: number): (request: string) => boolean {
  return (request) => request.startsWith("PUT ") && request.includes(`partNumber=${number}&`);
}

function failOnce(proxy: S3Proxy, which: (request: string) => boolean, how: "500" | "cut"): void {
  let failed = false;
  proxy.fault = (request) => {
    if (failed || !which(request)) return null;
    failed = true;
    return how;
  };
}

async function atATime(
  width: number,
  count: number,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
