import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import sharp from "sharp";
import { errors } from "../../../contracts/errors.ts";
import type { Room } from "../../../contracts/objects.ts";
import { type Answer, type ApiRequest, read } from "../../support/api-client.ts";
import { someImage, zipBomb } from "../../support/images.ts";
import { multipart, type Part } from "../../support/multipart.ts";
import { strangerToken } from "../../support/tokens.ts";
import { waitFor } from "../../support/wait-for.ts";
import {
  api,
  bystander,
  endedShow,
  generous,
  NO_ROOM,
  newMember,
  newShow,
  server,
} from "./suite.ts";

const MEGABYTE = 1024 * 1024;

/** The images of an account or a room, by the operation that sets them. */
const pictures = [
  { operation: "POST /user/avatar", part: "avatar", field: "avatar", square: true },
  { operation: "POST /user/background", part: "background", field: "background_image" },
  { operation: "POST /room/live/cover", part: "cover", field: "cover" },
] as const;

const picture = await someImage("jpeg", { width: 640, height: 360 });

/** Who may set it, and the parameters besides the file. */
async function setting(operation: string) {
  if (operation !== "POST /room/live/cover")
    return { token: (await newMember()).token, fields: {} };
  const { live_id, owner } = await newShow();
  return { token: owner.token, fields: { live_id } };
}

/** A form of fields and files; the fields come first. */
function form(fields: object, ...files: Part[]): ApiRequest {
  const parts = Object.entries(fields).map(([name, value]) => ({ name, value: String(value) }));
  return multipart([...parts, ...files]);
}

/** What a request to `/media/…` is answered, held against what is declared for it. */
async function media(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await read(await api.open(`GET ${path}`, { headers }));
  api.judge("GET /media/{key}", answer);
  return answer;
}

async function bytesAt(path: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(server.url + path)).arrayBuffer());
}

/** A file is removed a moment after its request was answered. */
async function nothingIncoming(): Promise<void> {
  const incoming = () => readdir(join(server.dataDir, "objects", "incoming")).catch(() => []);
  await waitFor(async () => (await incoming()).length === 0, { message: "no file to be left" });
}

for (const { operation, part, field, ...shape } of pictures)
  describe(operation, () => {
    for (const format of ["jpeg", "png", "webp"] as const)
      it(`takes a ${format} and serves an image of its own`, async () => {
        const { token, fields } = await setting(operation);
        const value = await someImage(format, { width: 640, height: 360 });
        const answer = await api.ok(operation, { token, ...form(fields, { name: part, value }) });
        const path = String(answer[field]);
        assert.match(path, /^\/media\/image\/[0-9a-f]{64}\.webp$/);
        const { headers } = await media(path);
        assert.equal(headers["content-type"], "image/webp");
        const { width, height } = await sharp(await bytesAt(path)).metadata();
        const expected = "square" in shape ? [256, 256] : [640, 360];
        assert.deepEqual([width, height], expected);
        await nothingIncoming();
      });

    it("takes the parameters and the token in the form or the query, before or after the file", async () => {
      const { token, fields } = await setting(operation);
      const file = { name: part, value: picture };
      const texts = Object.entries({ ...fields, token }).map(([name, value]) => ({
        name,
        value: String(value),
      }));
      await api.ok(operation, multipart([...texts, file]));
      await api.ok(operation, multipart([file, ...texts]));
      await api.ok(operation, { query: { ...fields, token }, ...multipart([file]) });
    });

    it("refuses who is not signed in, and keeps nothing of what they sent", async () => {
      const { fields } = await setting(operation);
      const sent = form(fields, { name: part, value: picture });
      await api.refused(operation, "NEED_LOGIN", sent);
      await api.refused(operation, "TOKEN_INVALID", { ...sent, token: "no.such.token" });
      await nothingIncoming();
    });

    it("refuses what is not an image, and says why", async () => {
      const { token, fields } = await setting(operation);
      for (const [value, problem] of [
        [Buffer.from("only text, named .png"), /is not a JPEG, PNG or WebP image/],
        [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /is not a JPEG/],
        [Buffer.alloc(0), /is not a JPEG, PNG or WebP image/],
        [picture.subarray(0, 200), /cannot be decoded/],
        [zipBomb(16_000, 16_000), /has more than 64 million pixels/],
      ] as const) {
        const file = { name: part, value, fileName: "picture.png", type: "image/png" };
        const { data } = await api.refused(operation, "IMAGE_REFUSED", {
          token,
          ...form(fields, file),
        });
        assert.equal(data?.fields?.[0]?.field, part);
        assert.match(data.fields[0].problem, problem);
      }
      await nothingIncoming();
    });

    it("names the file that is missing, unknown or there twice", async () => {
      const { token, fields } = await setting(operation);
      const file = { name: part, value: picture };
      const refused = async (request: ApiRequest, problem: string, name: string = part) => {
        const { data } = await api.refused(operation, "BAD_REQUEST", { token, ...request });
        assert.deepEqual(data?.fields, [{ field: name, problem }]);
      };
      await refused(form(fields), "is missing");
      await refused({ query: fields }, "is missing");
      await refused(form(fields, { ...file, name: "other" }), "is not a file here", "other");
      await refused(form(fields, file, file), "is given more than once");
      await refused(form({ ...fields, upload: "{}" }, file), "is not a parameter here", "upload");
      await refused(form({ ...fields, more: 1 }, file), "is not a parameter here", "more");
      await nothingIncoming();
    });

    it("refuses a form that is broken, and a body that is none", async () => {
      const { token, fields } = await setting(operation);
      const { body, type } = multipart([{ name: part, value: picture }]);
      const broken = { token, query: fields, type, body: body.subarray(0, body.length - 20) };
      await api.refused(operation, "BAD_REQUEST", broken);
      for (const type of ["application/json", "multipart/form-data", "image/png", "x"])
        await api.refused(operation, "UNSUPPORTED_MEDIA_TYPE", { ...broken, type });
      await nothingIncoming();
    });

    it("takes 5 MB, and not a byte more", async () => {
      const { token, fields } = await setting(operation);
      const padded = Buffer.concat([picture, Buffer.alloc(5 * MEGABYTE - picture.length)]);
      await api.ok(operation, { token, ...form(fields, { name: part, value: padded }) });
      const value = Buffer.concat([padded, Buffer.alloc(1)]);
      const request = { token, ...form(fields, { name: part, value }) };
      const { data } = await api.refused(operation, "PAYLOAD_TOO_LARGE", request);
      assert.deepEqual(data, { max_bytes: 5 * MEGABYTE });
      await nothingIncoming();
    });

    it("refuses an owner whose storage is full", async () => {
      const { token, fields } = await setting(operation);
      const request = { token, ...form(fields, { name: part, value: picture }) };
      await server.configure({ ...generous, storage: { quota_mb: 0 } });
      const isFull = async () => (await api.call(operation, request)).status === 403;
      await waitFor(isFull, { message: "the quota to be in force", intervalMs: 50 });
      const { data } = await api.refused(operation, "QUOTA_EXCEEDED", request);
      assert.equal(data?.max_bytes, 0);
      await server.configure(generous);
      const isOpen = async () => (await api.call(operation, request)).status === 200;
      await waitFor(isOpen, { message: "the quota to be lifted", intervalMs: 50 });
    });
  });

describe("a room's cover", () => {
  const cover = { name: "cover", value: picture };

  it("is shown with the room, and may be replaced", async () => {
    const { live_id, owner } = await newShow();
    const set = async (value: Buffer) =>
      await api.ok<{ cover: string }>("POST /room/live/cover", {
        token: owner.token,
        ...form({ live_id }, { name: "cover", value }),
      });
    const shown = async () =>
      (await api.ok<{ room: Room }>("GET /room/live/single", { query: { live_id } })).room.cover;
    const first = await set(picture);
    assert.equal(await shown(), first.cover);
    const second = await set(await someImage("png", { color: "#00ff00" }));
    assert.notEqual(second.cover, first.cover);
    assert.equal(await shown(), second.cover);
  });

  it("is the owner's business, also after the show", async () => {
    const { live_id, owner } = await endedShow();
    const request = form({ live_id }, cover);
    await api.ok("POST /room/live/cover", { token: owner.token, ...request });
    const other = { token: bystander.token };
    await api.refused("POST /room/live/cover", "NO_ROOM_RIGHT", { ...other, ...request });
    const nowhere = { ...other, ...form({ live_id: NO_ROOM }, cover) };
    await api.refused("POST /room/live/cover", "ROOM_NOT_FOUND", nowhere);
  });
});

describe("a portrait", () => {
  it("needs an account", async () => {
    const token = await strangerToken(server.dataDir);
    for (const part of ["avatar", "background"]) {
      const request = { token, ...form({}, { name: part, value: picture }) };
      await api.refused(`POST /user/${part}`, "USER_NOT_FOUND", request);
    }
  });
});

describe("GET /media/{key}", () => {
  it("tells where a range lies that cannot be had", async () => {
    const { token } = await newMember();
    const file = form({}, { name: "avatar", value: picture });
    const { avatar } = await api.ok<{ avatar: string }>("POST /user/avatar", { token, ...file });
    const part = await media(avatar, { range: "bytes=0-9" });
    const [, size] = /^bytes 0-9\/(\d+)$/.exec(String(part.headers["content-range"])) ?? [];
    const beyond = await media(avatar, { range: `bytes=${size}-` });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers["content-range"], `bytes */${size}`);
    assert.equal(beyond.code, errors.RANGE_NOT_SATISFIABLE.live);
  });

  it("has nothing under any other name", async () => {
    for (const path of [
      "/media/",
      "/media/image/none.webp",
      "/media/../jwt-secret",
      "/media/%2e%2e/x",
    ])
      assert.equal((await media(path)).status, 404, path);
  });
});
