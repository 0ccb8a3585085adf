import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { bytesOf } from "../support/byte-source.ts";
import { madeVideo } from "../support/made-video.ts";
import { closing, multipartType, partHead } from "../support/multipart.ts";
import { startS3Server } from "../support/s3/s3-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Of a video, in bytes: rather more than 200 MB. */
const LARGE = 200 * 1024 * 1024;
/** What the first upload may cost in memory, however large it is; in MB, millions of bytes. */
const MOST_MB = 30;
/** And what two more may add to that: V8's young generation goes on filling for a while. */
const MOST_MORE_MB = 15;

for (const [where, setUp] of [
  ["files", async () => ({})],
  ["S3", async (t) => ({ S3_URL: (await startS3Server(t)).url })],
] as const satisfies [string, (t: TestContext) => Promise<object>][])
  test(`the first video of 200 MB raises the memory of a server that has just started by less than ${MOST_MB} MB, and two more add less than ${MOST_MORE_MB}: ${where}`, async (t) => {
    const server = await startServer(t, { env: { UPLOAD_MAX_MB: "201", ...(await setUp(t)) } });
    const film = await madeVideo(await tempDir(t), "mp4");
    // Code that every request needs is loaded by now, and nothing large has been sent yet.
    const to = { server, token: await settleIn(server) };
    const before = await startMeasuring(server);
    const said = [`${before.toFixed(1)} MB before`];
    const peaks: number[] = [];
    for (const seed of [1, 2, 3]) {
      const answer = await publish(to, film, LARGE, seed);
      assert.equal(answer.status_code, 0, JSON.stringify(answer));
      const { resident, peak } = await memoryOf(server);
      peaks.push(peak - before);
      said.push(`upload ${seed}: ${signed(resident - before)}, at most ${signed(peak - before)}`);
    }
    t.diagnostic(said.join("; "));
    const [first = Number.NaN, , third = Number.NaN] = peaks;
    assert.ok(first < MOST_MB, said.join("; "));
    assert.ok(third - first < MOST_MORE_MB, said.join("; "));
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

/** Registers somebody, who signs in and looks around. */
async function settleIn({ url }: Server): Promise<string> {
  const send = async (path: string) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "uploader", password: "a password" }),
    });
    return ((await response.json()) as { token: string }).token;
  };
  await send("/register");
  const token = await send("/login");
  for (const path of ["/", "/douyin/feed/"]) await (await fetch(`${url}${path}`)).arrayBuffer();
  return token;
}

/** Resident memory, in MB; the peak is from here on. */
async function startMeasuring(server: Server): Promise<number> {
  // proc(5): 5 sets the highest resident memory to the present one.
  await writeFile(`/proc/${server.process.child.pid}/clear_refs`, "5");
  return (await memoryOf(server)).resident;
}

/** Resident memory in MB, and the most that it was since it was first measured. */
async function memoryOf({ process }: Server): Promise<{ resident: number; peak: number }> {
  const status = await readFile(`/proc/${process.child.pid}/status`, "utf8");
  const mb = (name: string) =>
    (Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) * 1024) / 1e6;
  return { resident: mb("VmRSS"), peak: mb("VmHWM") };
}

function signed(mb: number): string {
  return `${mb < 0 ? "" : "+"}${mb.toFixed(1)} MB`;
}
