import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { fail } from "../../contracts/errors.ts";
import type { Upload } from "../../contracts/objects.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { allOf, bytesOf, sha256Of } from "../support/byte-source.ts";
import { type StartedGateway, startGateway } from "../support/gateway.ts";
import { closing, multipart, multipartType, type Part, partHead } from "../support/multipart.ts";
import { connectTo } from "../support/raw-client.ts";
import { waitFor } from "../support/wait-for.ts";

interface Call {
  upload: Upload;
  params: Record<string, unknown>;
  user: unknown;
  /** What the object held while the action ran. */
  bytes: Buffer;
}

const calls: Call[] = [];
let action: (call: Call) => Promise<unknown> = async () => ({ cover: "/media/x" });
const gateway: StartedGateway = await startGateway(
  { after },
  {
    "live.cover": async (ctx) => {
      const { upload, ...params } = ctx.params as unknown as { upload: Upload };
      const found = await runtimeOf(gateway.broker).objects.get(upload.object);
      const bytes = await allOf(found?.stream ?? bytesOf(0));
      const call = { upload, params, user: ctx.meta.user, bytes };
      calls.push(call);
      return await action(call);
    },
  },
);
const token = await gateway.token();

beforeEach(() => {
  calls.length = 0;
  action = async () => ({ cover: "/media/x" });
});

const PATH = "/room/live/cover";
const file = (value: Buffer | string): Part => ({ name: "cover", value, fileName: "a.png" });

async function send(
  parts: Part[],
  { query = "live_id=5", headers = {} as Record<string, string> } = {},
) {
  const { body, type } = multipart(parts);
  const response = await fetch(`${gateway.url}${PATH}?${query}`, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { authorization: `Bearer ${token}`, "content-type": type, ...headers },
  });
  const json = (await response.json()) as {
    base_resp: { status_code: number };
    data: { fields?: { field: string; problem: string }[] } | null;
  };
  return { status: response.status, code: json.base_resp.status_code, data: json.data };
}

async function left(): Promise<string[]> {
  const objects = join(runtimeOf(gateway.broker).env.dataDir, "objects");
  const lists = await Promise.all(
    ["incoming", ".unfinished"].map((name) => readdir(join(objects, name)).catch(() => [])),
  );
  return lists.flat();
}

const nothingLeft = () =>
  waitFor(async () => (await left()).length === 0, { message: "everything to be gone" });

describe("an upload", () => {
  test("is in the store while the action runs, with its size and hash, and then no more", async () => {
    const bytes = await allOf(bytesOf(3_000_000));
    assert.equal((await send([file(bytes)])).status, 200);
    const call = calls[0] ?? assert.fail("the action was called");
    assert.ok(call.bytes.equals(bytes));
    assert.match(call.upload.object, /^incoming\/[0-9a-f-]{36}$/);
    const { object, ...facts } = call.upload;
    assert.deepEqual(facts, { size: bytes.length, sha256: sha256Of(bytes) });
    assert.deepEqual(call.params, { live_id: 5 });
    await waitFor(async () => (await runtimeOf(gateway.broker).objects.head(object)) === null);
    await nothingLeft();
  });

  test("stays where the action has moved it", async () => {
    const { objects } = runtimeOf(gateway.broker);
    action = async ({ upload }) => {
      await objects.move(upload.object, "image/kept.webp");
      return { cover: "/media/image/kept.webp" };
    };
    assert.equal((await send([file("hello")])).status, 200);
    assert.equal((await objects.head("image/kept.webp"))?.size, 5);
    await nothingLeft();
  });

  test("is gone when the action refuses it, fails or is not there", async () => {
    for (const failure of [() => fail("IMAGE_REFUSED"), () => assert.fail("a bug")]) {
      action = async () => failure();
      assert.ok((await send([file("hello")])).status >= 400);
      await nothingLeft();
    }
  });

  test("may be empty, also without a file name", async () => {
    assert.equal((await send([file("")])).status, 200);
    assert.equal(calls[0]?.upload.size, 0);
    assert.equal((await send([{ name: "cover", value: "x" }])).status, 200);
    assert.equal(calls[1]?.upload.size, 1);
  });

  test("of more than its bound is refused as soon as that is known", async () => {
    const big = Buffer.alloc(5 * 1024 * 1024 + 1);
    const answer = await send([file(big)]);
    assert.equal(answer.status, 413);
    assert.deepEqual(answer.data, { max_bytes: 5 * 1024 * 1024 });
    assert.equal(calls.length, 0);
    await nothingLeft();
  });

  test("that says beforehand that it is too long is not read", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "content-length": String(2 ** 33) }));
    await client.until(/HTTP\/1\.1 413 /);
    await nothingLeft();
  });

  test("that is cut leaves no file, and no action is called", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "transfer-encoding": "chunked" }));
    client.send(chunk(partHead(file(""))));
    for (let i = 0; i < 20; i++) client.send(chunk(Buffer.alloc(50_000, i)));
    await waitFor(async () => (await left()).length === 1, { message: "the file to arrive" });
    client.socket.destroy();
    await nothingLeft();
    assert.equal(calls.length, 0);
  });

  test("whose form ends in the middle is refused, and leaves no file", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "transfer-encoding": "chunked" }));
    client.send(chunk(partHead(file(""))));
    client.send(chunk(Buffer.alloc(200_000)));
    client.send("0\r\n\r\n");
    await client.until(/HTTP\/1\.1 400 [\s\S]*is no multipart form/);
    await nothingLeft();
    assert.equal(calls.length, 0);
  });

  test("after the form has ended is thrown away", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "transfer-encoding": "chunked" }));
    client.send(chunk(Buffer.concat([partHead(file("")), Buffer.from("hello\r\n"), closing()])));
    client.send(chunk(Buffer.alloc(100_000, "x")));
    client.send("0\r\n\r\n");
    await client.until(/HTTP\/1\.1 200 /);
    assert.equal(calls[0]?.upload.size, 5);
  });

  test("is asked for before it is sent, by clients that wait for that", async (t) => {
    const { body } = multipart([file(Buffer.alloc(200_000))]);
    const client = await connectTo(t, gateway.port);
    client.send(head({ "content-length": String(body.length), expect: "100-continue" }));
    await client.until(/HTTP\/1\.1 100 Continue/);
    client.send(body);
    await client.until(/HTTP\/1\.1 200 /);
  });

  test("is not begun for who is refused already", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "transfer-encoding": "chunked", authorization: "Bearer no.such.token" }));
    await client.until(/HTTP\/1\.1 401 /);
    await nothingLeft();
  });

  test("is stopped when a token in the form before it is refused", async (t) => {
    const client = await connectTo(t, gateway.port);
    client.send(head({ "transfer-encoding": "chunked", authorization: "" }));
    const wrong = { name: "token", value: "no.such.token" };
    client.send(chunk(Buffer.concat([partHead(wrong), Buffer.from(`${wrong.value}\r\n`)])));
    client.send(chunk(partHead(file(""))));
    client.send(chunk(Buffer.alloc(100_000)));
    await client.until(/HTTP\/1\.1 401 /);
    await nothingLeft();
  });

  test("cannot be made up by a client", async () => {
    const upload = JSON.stringify({ object: "incoming/x", size: 1, sha256: "0".repeat(64) });
    const answer = await send([{ name: "upload", value: upload }, file("x")]);
    assert.deepEqual(answer.data?.fields, [
      { field: "upload", problem: "is not a parameter here" },
    ]);
    assert.equal(calls.length, 0);
  });

  test("has fields of a bounded size and number beside it", async () => {
    const long = await send([{ name: "x", value: "x".repeat(70_000) }, file("x")]);
    assert.deepEqual(long.data?.fields, [{ field: "x", problem: "is too long" }]);
    const many = Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, value: "x" }));
    const answer = await send([...many, file("x")]);
    assert.deepEqual(answer.data?.fields, [
      { field: "body", problem: "has more than 100 parameters" },
    ]);
    await nothingLeft();
  });

  test("waits for a place when all are taken", async (t) => {
    const service = gateway.broker.getLocalService("api") as unknown as {
      config: { gateway: { max_uploads: number } };
    };
    const { config } = service;
    t.after(() => Object.assign(service, { config }));
    const gatewayConfig = { ...config.gateway, max_uploads: 0 };
    Object.assign(service, { config: { ...config, gateway: gatewayConfig } });
    const answer = await send([file("x")]);
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.data, { retry_after_ms: 5_000 });
  });
});

test("no request of these was the server's fault, but for the bug that was made for one", () => {
  const errors = gateway.log.filter((line) => /^(error|fatal) /.test(line));
  assert.equal(errors.filter((line) => !line.includes("a bug")).length, 0, errors.join("\n"));
});

function head(more: Record<string, string>): string {
  const headers = {
    host: "x",
    "content-type": multipartType,
    authorization: `Bearer ${token}`,
    ...more,
  };
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${PATH}?live_id=5 HTTP/1.1\r\n${lines.join("")}\r\n`;
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
}
