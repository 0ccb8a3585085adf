import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import sharp from "sharp";
import { errors } from "../../../contracts/errors.ts";
import type { DouyinUser, DouyinVideo, FeedVideo } from "../../../contracts/short-video.ts";
import type { ApiRequest } from "../../support/api-client.ts";
import { madeVideo, variantOf } from "../../support/made-video.ts";
import { closing, multipart, multipartType, type Part, partHead } from "../../support/multipart.ts";
import { rawConnection } from "../../support/raw-http.ts";
import { refusedVideos } from "../../support/refused-videos.ts";
import { sha256 } from "../../support/some-video.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { strangerToken } from "../../support/tokens.ts";
import { waitFor } from "../../support/wait-for.ts";
import { api, bystander, type Member, newMember, scope, server, spellings } from "./suite.ts";

const PUBLISH = "POST /douyin/publish/action/";
const folder = await tempDir(scope);
const film = await madeVideo(folder, "mp4");
let films = 0;

/** Bytes of a film that nobody has seen before. */
async function newFilm(kind: "mp4" | "mov" | "webm" = "mp4"): Promise<Buffer> {
  return kind === "mp4" ? variantOf(film, ++films) : madeVideo(folder, kind, ++films);
}

/** A form with the film and these fields, which come first. */
function form(film: Buffer, fields: Record<string, string>): ApiRequest {
  const parts: Part[] = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return multipart([...parts, { name: "data", value: film, fileName: "film.mp4" }]);
}

const publish = ({ token }: Member, film: Buffer, title: string) =>
  api.ok(PUBLISH, form(film, { token, title }));

async function publishedBy({ user_id, token }: Member): Promise<DouyinVideo[]> {
  const query = { user_id, token };
  return (await api.ok<{ video_list: DouyinVideo[] }>("GET /douyin/publish/list/", { query }))
    .video_list;
}

async function worksOf({ user_id, token }: Member): Promise<number> {
  const query = { user_id, token };
  return (await api.ok<{ user: DouyinUser }>("GET /douyin/user/", { query })).user.work_count;
}

/** Every file below the folder of objects. */
async function stored(): Promise<string[]> {
  const root = join(server.dataDir, "objects");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

describe(PUBLISH, () => {
  it("lists the video at once: in the feed, in its author's list, in the count", async () => {
    const author = await newMember();
    assert.deepEqual(await publish(author, await newFilm(), "  猫 cats 🐈 "), {});
    const [mine] = await publishedBy(author);
    assert.equal(mine?.title, "猫 cats 🐈");
    assert.equal(mine?.author.id, author.user_id);
    const { video_list } = await api.ok<{ video_list: FeedVideo[] }>("GET /douyin/feed/");
    assert.equal(video_list[0]?.id, mine?.id);
    assert.equal(await worksOf(author), 1);
  });

  it("takes title and token from the form, before or after the film, from the query and the header", async () => {
    const author = await newMember();
    const { token } = author;
    const parts = { token: { name: "token", value: token }, title: { name: "title", value: "x" } };
    const ways: (() => Promise<ApiRequest>)[] = [
      async () => form(await newFilm(), { token, title: "x" }),
      async () => multipart([{ name: "data", value: await newFilm() }, parts.title, parts.token]),
      async () => ({ query: { token, title: "x" }, ...form(await newFilm(), {}) }),
      async () => ({
        query: { token, title: "other" },
        ...form(await newFilm(), { token, title: "x" }),
      }),
      async () => ({ token, ...form(await newFilm(), { title: "x" }) }),
    ];
    for (const way of ways)
      for (const spelling of spellings(PUBLISH)) {
        const answer = await api.send(spelling, await way());
        api.judge(PUBLISH, answer);
        assert.deepEqual(answer.json, { status_code: 0, status_msg: "success" });
      }
    const list = await publishedBy(author);
    assert.equal(list.length, ways.length * 2);
    assert.ok(list.every(({ title }) => title === "x"));
  });

  for (const [kind, type] of [
    ["mp4", "video/mp4"],
    ["mov", "video/quicktime"],
    ["webm", "video/webm"],
  ] as const)
    it(`plays ${kind} from an absolute URL, whole and by range, and shows a cover`, async () => {
      const author = await newMember();
      const film = await newFilm(kind);
      await publish(author, film, kind);
      const [video] = await publishedBy(author);
      assert.equal(video?.play_url, `${api.url}/media/video/${sha256(film)}.${kind}`);
      const whole = await fetch(video.play_url);
      assert.equal(whole.headers.get("content-type"), type);
      assert.equal(whole.headers.get("accept-ranges"), "bytes");
      assert.match(whole.headers.get("cache-control") ?? "", /immutable/);
      assert.deepEqual(Buffer.from(await whole.arrayBuffer()), film);

      const part = await fetch(video.play_url, { headers: { range: "bytes=100-199" } });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("content-range"), `bytes 100-199/${film.length}`);
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), film.subarray(100, 200));

      const cover = await fetch(video.cover_url);
      assert.equal(cover.headers.get("content-type"), "image/jpeg");
      const { format, width, height } = await sharp(
        Buffer.from(await cover.arrayBuffer()),
      ).metadata();
      assert.deepEqual([format, width, height], ["jpeg", 160, 120]);
    });

  it("makes URLs of the host that the client asked", async () => {
    const author = await newMember();
    await publish(author, await newFilm(), "x");
    const { token } = author;
    const list = await api.ok<{ video_list: DouyinVideo[] }>("GET /douyin/publish/list/", {
      token,
      headers: { host: "videos.example:8443", "x-forwarded-proto": "https" },
    });
    // No proxy of ours stands before this server: nobody is believed to have come by https.
    assert.match(
      list.video_list[0]?.play_url ?? "",
      /^http:\/\/videos\.example:8443\/media\/video\//,
    );
  });

  it("takes known bytes at once, for anyone, and stores them once", async () => {
    const [first, second] = [await newMember(), await newMember()];
    const film = await newFilm();
    await publish(first, film, "mine");
    const before = await stored();
    await publish(second, film, "mine too");
    await publish(first, film, "once more");
    assert.deepEqual(await stored(), before);
    const [newest, oldest] = await publishedBy(first);
    const [other] = await publishedBy(second);
    assert.deepEqual(
      [newest?.title, oldest?.title, other?.title],
      ["once more", "mine", "mine too"],
    );
    assert.equal(new Set([newest?.play_url, oldest?.play_url, other?.play_url]).size, 1);
    assert.equal(new Set([newest?.id, oldest?.id, other?.id]).size, 3);
    assert.equal(await worksOf(first), 2);
  });

  describe("refuses, and leaves nothing of", () => {
    for (const { name, error, bytes } of refusedVideos(folder))
      it(`${name}: ${error}`, async () => {
        const before = await stored();
        const { token } = bystander;
        const answer = await api.refused(
          PUBLISH,
          error,
          form(await bytes(), { token, title: "x" }),
        );
        assert.equal(answer.status, 200);
        assert.deepEqual(await stored(), before);
        assert.equal(await worksOf(bystander), 0);
      });
  });

  it("leaves nothing of an upload that is cut", async (t) => {
    const author = await newMember();
    const before = await stored();
    const raw = await rawConnection(t, server.port);
    const film = Buffer.alloc(3_000_000, "film");
    const fields = ["token", "title"].map((name) => ({ name, value: author.token }));
    const head = Buffer.concat([
      ...fields.flatMap((part) => [partHead(part), Buffer.from(`${part.value}\r\n`)]),
      partHead({ name: "data", value: film }),
    ]);
    const length = head.length + film.length + 2 + closing().length;
    await raw.write(
      `POST /douyin/publish/action/ HTTP/1.1\r\nHost: x\r\nContent-Type: ${multipartType}\r\nContent-Length: ${length}\r\n\r\n`,
    );
    await raw.write(head);
    await raw.write(film.subarray(0, 2_000_000));
    await waitFor(async () => (await stored()).length > before.length, {
      message: "the upload to begin",
    });
    raw.socket.destroy();
    await waitFor(async () => (await stored()).length === before.length, {
      timeoutMs: 20_000,
      message: "the upload to be gone",
    });
    assert.deepEqual(await stored(), before);
    assert.deepEqual(await publishedBy(author), []);
  });

  it("says what is missing or wrong", async () => {
    const { token } = bystander;
    const film = await newFilm();
    const before = await stored();
    const refused = async (request: ApiRequest, said: RegExp) => {
      const { json } = await api.refused(PUBLISH, "BAD_REQUEST", request);
      assert.match(String(json?.status_msg), said);
    };
    await refused(form(film, { token }), /title is (missing|required)/);
    await refused(form(film, { token, title: " " }), /title is blank/);
    await refused(form(film, { token, title: "x".repeat(129) }), /title .*128/);
    await refused(form(film, { token, title: "a\u0000b" }), /title contains control characters/);
    await refused(
      multipart([
        { name: "token", value: token },
        { name: "title", value: "x" },
      ]),
      /data is missing/,
    );
    await refused({ query: { token, title: "x" } }, /data is missing/);
    assert.deepEqual(await stored(), before);
  });

  it("refuses more than it takes, before any of it is sent", async (t) => {
    const raw = await rawConnection(t, server.port);
    await raw.write(
      `POST /douyin/publish/action/ HTTP/1.1\r\nHost: x\r\nContent-Type: ${multipartType}\r\nAuthorization: ${bystander.token}\r\nContent-Length: ${300 * 1024 * 1024}\r\n\r\n`,
    );
    const { status, headers, body } = await raw.answer();
    const [json, code] = [JSON.parse(body), errors.PAYLOAD_TOO_LARGE.douyin];
    api.judge(PUBLISH, { status, headers: Object.fromEntries(headers), text: body, json, code });
    assert.deepEqual([status, json.status_code], [413, code]);
  });

  it("refuses a title with a word that is not to be said", async () => {
    const film = await newFilm();
    const title = "an unspeakable film";
    await api.refused(PUBLISH, "CONTENT_REFUSED", form(film, { token: bystander.token, title }));
  });

  it("refuses who has no account any more", async () => {
    const before = await stored();
    const token = await strangerToken(server.dataDir);
    const request = form(await newFilm(), { token, title: "x" });
    await api.refused(PUBLISH, "USER_NOT_FOUND", request);
    assert.deepEqual(await stored(), before);
  });

  it("wants a token, and keeps nothing of who has none", async () => {
    const before = await stored();
    const film = await newFilm();
    await api.refused(PUBLISH, "NEED_LOGIN", form(film, { title: "x" }));
    await api.refused(PUBLISH, "TOKEN_EMPTY", form(film, { title: "x", token: "" }));
    await api.refused(PUBLISH, "TOKEN_MALFORMED", form(film, { title: "x", token: "nonsense" }));
    assert.deepEqual(await stored(), before);
  });
});
