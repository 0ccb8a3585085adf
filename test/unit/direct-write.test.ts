import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { TLSSocket } from "node:tls";
import { fileOf, NO_FILE } from "../../services/api/hub/direct-write.ts";
import {
  BEHIND,
  bindViewer,
  isBlocked,
  type Viewer,
  write,
} from "../../services/api/hub/viewer.ts";

const ROOM: Viewer["room"] = {
  ended: false,
  remove() {},
  catchUp: () => true,
  write() {},
};

/** Both ends of a connection, and the viewer at the far end. */
async function connection(t: TestContext) {
  const server = createServer({ noDelay: true, allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  const [socket] = (await once(server, "connection")) as [Socket];
  t.after(() => {
    for (const one of [client, socket]) one.destroy();
    server.close();
  });
  const viewer: Viewer = {
    socket,
    fd: NO_FILE,
    streamed: false,
    room: ROOM,
    gzip: false,
    inStep: false,
    userId: 0,
    seq: BEHIND,
    lastId: 0,
    section: null,
    index: -1,
    blockedSinceMs: 0,
  };
  bindViewer(viewer);
  return { client, socket, viewer };
}

/** Reads so many bytes. */
async function read(client: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= count) break;
  }
  return Buffer.concat(chunks);
}

/** Bytes of which no part looks like the one before it. */
const pattern = (count: number) =>
  Buffer.from(Uint32Array.from({ length: count / 4 }, (_, i) => i * 2654435761).buffer);

describe("a viewer's connection", () => {
  test("is written to past its stream", async (t) => {
    const { client, socket, viewer } = await connection(t);
    write(viewer, Buffer.from("你好"));
    assert.equal((await read(client, 6)).toString(), "你好");
    assert.equal(socket.bytesWritten, 0, "the stream knows nothing of it");
    assert.equal(isBlocked(viewer), false);
  });

  test("takes what it can; the rest waits in its stream, in order", async (t) => {
    const { client, socket, viewer } = await connection(t);
    const large = pattern(16 * 1024 * 1024);
    write(viewer, large);
    assert.equal(isBlocked(viewer), true);
    const waiting = socket.writableLength;
    assert.ok(waiting > 0 && waiting < large.length, `${waiting} bytes wait`);

    assert.deepEqual(await read(client, large.length), large);
    while (isBlocked(viewer)) await once(socket, "drain");
    write(viewer, Buffer.from("next"));
    assert.equal((await read(client, 4)).toString(), "next");
  });

  test("that takes nothing has all of it wait", async (t) => {
    const { client, socket, viewer } = await connection(t);
    const large = pattern(16 * 1024 * 1024);
    write(viewer, large);
    viewer.streamed = false;
    const before = socket.writableLength;
    write(viewer, Buffer.from("more"));
    assert.equal(socket.writableLength, before + 4);
    const all = await read(client, large.length + 4);
    assert.deepEqual(all, Buffer.concat([large, Buffer.from("more")]));
  });

  test("is not written to once it is closed, whoever has its file's number by then", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "molimoli-file-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const { socket, viewer } = await connection(t);
    const { fd } = viewer;
    assert.notEqual(fd, NO_FILE);
    socket.destroy();
    const file = openSync(join(folder, "somebody-else"), "w");
    t.after(() => closeSync(file));
    assert.equal(file, fd, "the system gave the number to somebody else");

    write(viewer, Buffer.from("not for you"));
    assert.equal(fstatSync(file).size, 0);
    assert.equal(viewer.fd, NO_FILE);
  });

  test("that the client has reset is closed", async (t) => {
    const { client, socket, viewer } = await connection(t);
    client.resetAndDestroy();
    write(viewer, Buffer.from("a"));
    write(viewer, Buffer.from("b"));
    await new Promise((resolve) => socket.once("close", resolve));
    assert.equal(viewer.fd, NO_FILE);
  });

  test("has no file to be written to where bytes have to be encrypted, or when it is closed", async (t) => {
    const { socket } = await connection(t);
    assert.notEqual(fileOf(socket), NO_FILE);
    const secured = new TLSSocket(socket, { isServer: true });
    t.after(() => secured.destroy());
    assert.equal(fileOf(secured), NO_FILE);
    socket.destroy();
    assert.equal(fileOf(socket), NO_FILE);
  });
});
