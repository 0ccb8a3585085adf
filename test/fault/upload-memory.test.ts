import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { bytesOf } from "../support/byte-source.ts";
import { madeVideo } from "../support/made-video.ts";
import { closing, multipartType, partHead } from "../support/multipart.ts";
import { startS3Server } from "../support/s3/s3-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { tempDir } from "../support/temp-dir.ts";

const MIB = 1024 * 1024;
const LARGE = 200 * MIB;
/** What an upload may cost in memory, however large it is; in MiB. */
const MOST_MIB = 30;

for (const [where, setUp] of [
  ["files", async () => ({})],
  ["S3", async (t) => ({ S3_URL: (await startS3Server(t)).url })],
] as const satisfies [string, (t: TestContext) => Promise<object>][])
  test(`a video of 200 MB raises the memory of a server that is at work by less than ${MOST_MIB} MB: ${where}`, async (t) => {
    const server = await startServer(t, { env: { UPLOAD_MAX_MB: "201", ...(await setUp(t)) } });
    const film = await madeVideo(await tempDir(t), "mp4");
    const to = { server, token: await register(server) };
    // A busy process has a larger young generation than an idle one, whatever it is busy with.
    assert.equal((await publish(to, film, LARGE / 2, 1)).status_code, 0);
    const before = await residentMiB(server);
    let most = before;
    const watching = setInterval(async () => {
      most = Math.max(most, await residentMiB(server));
    }, 20);
    const answer = await publish(to, film, LARGE, 2);
    clearInterval(watching);
    most = Math.max(most, await residentMiB(server));
    assert.equal(answer.status_code, 0, JSON.stringify(answer));
    t.diagnostic(`from ${before.toFixed(1)} to ${most.toFixed(1)} MiB`);
    assert.ok(most - before < MOST_MIB, `from ${before.toFixed(1)} to ${most.toFixed(1)} MiB`);
  });

interface Publisher {
  server: Server;
  token: string;
}

/** A film with so much behind it that players skip; the seed makes it another one. */
async function publish({ server, token }: Publisher, film: Buffer, size: number, seed: number) {
  const padding = size - film.length - 8;
  const box = Buffer.alloc(8);
  box.writeUInt32BE(padding + 8);
  box.write("free", 4, "latin1");
  const outgoing = request(`${server.url}/douyin/publish/action/`, {
    method: "POST",
    headers: { "content-type": multipartType, authorization: `Bearer ${token}` },
  });
  const answered = new Promise<{ status_code: number }>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", async (response) => {
      const pieces: Buffer[] = [];
      for await (const each of response) pieces.push(each);
      resolve(JSON.parse(Buffer.concat(pieces).toString()));
    });
  });
  const send = async (bytes: Buffer) => {
    if (!outgoing.write(bytes)) await new Promise((resolve) => outgoing.once("drain", resolve));
  };
  await send(partHead({ name: "title", value: "" }));
  await send(Buffer.from("a long film\r\n"));
  await send(partHead({ name: "data", value: "", fileName: "film.mp4" }));
  await send(film);
  await send(box);
  for await (const piece of bytesOf(padding, seed)) await send(piece);
  outgoing.end(Buffer.concat([Buffer.from("\r\n"), closing()]));
  return await answered;
}

async function register(server: Server): Promise<string> {
  const response = await fetch(`${server.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "uploader", password: "a password" }),
  });
  return ((await response.json()) as { token: string }).token;
}

async function residentMiB({ process }: Server): Promise<number> {
  const status = await readFile(`/proc/${process.child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) / 1024;
}
