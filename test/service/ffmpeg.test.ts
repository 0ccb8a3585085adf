import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import sharp from "sharp";
import { FRAME_SIDE, ffmpeg } from "../../lib/ffmpeg.ts";
import { makeVideo } from "../support/made-video.ts";
import { tempDir } from "../support/temp-dir.ts";

const folder = await tempDir({ after });

describe("ffmpeg", () => {
  for (const kind of ["mp4", "mov", "webm"] as const)
    it(`reads the length and the picture of ${kind}, and makes a frame of it`, async () => {
      const file = await makeVideo(folder, kind);
      const probed = await ffmpeg.probe(file);
      assert.equal(probed?.durationSeconds, 1);
      assert.deepEqual(probed?.tracks, [
        { kind: "video", width: 160, height: 120, isCover: false },
      ]);
      const { format, width, height } = await sharp(
        (await ffmpeg.frame(file, 0.3)) as Buffer,
      ).metadata();
      assert.deepEqual({ format, width, height }, { format: "jpeg", width: 160, height: 120 });
    });

  it("finds no picture in sound", async () => {
    const file = await makeVideo(folder, "audio");
    assert.deepEqual(
      (await ffmpeg.probe(file))?.tracks.map(({ kind }) => kind),
      ["audio"],
    );
    assert.equal(await ffmpeg.frame(file, 0), null);
  });

  it("makes large frames smaller, in proportion", async () => {
    const file = await makeVideo(folder, "wide");
    const { width, height } = await sharp((await ffmpeg.frame(file, 0)) as Buffer).metadata();
    assert.deepEqual({ width, height }, { width: FRAME_SIDE, height: FRAME_SIDE / 4 });
  });

  it("decodes no picture that is larger than 8K", async () => {
    assert.equal(await ffmpeg.frame(await makeVideo(folder, "wall"), 0), null);
  });

  it("can read neither text nor a film that was cut off", async () => {
    const text = join(folder, "text.mp4");
    await writeFile(text, "once upon a time ".repeat(1000));
    assert.equal(await ffmpeg.probe(text), null);
    const cut = join(folder, "cut.mp4");
    await writeFile(cut, (await readFile(await makeVideo(folder, "mp4"))).subarray(0, 2000));
    assert.equal(await ffmpeg.probe(cut), null);
  });

  it("finds no frame beyond the end", async () => {
    assert.equal(await ffmpeg.frame(await makeVideo(folder, "mp4"), 60), null);
  });

  it("follows no playlist, neither to hosts nor to other files", async (t) => {
    let asked = 0;
    const server = createServer((_, res) => {
      asked += 1;
      res.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const secret = await makeVideo(folder, "mp4");
    for (const target of [`http://127.0.0.1:${port}/video.ts`, secret, `file:${secret}`]) {
      const playlist = join(folder, "playlist.mp4");
      await writeFile(
        playlist,
        `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`,
      );
      assert.equal(await ffmpeg.probe(playlist), null);
      assert.equal(await ffmpeg.frame(playlist, 0), null);
      await writeFile(playlist, `ffconcat version 1.0\nfile '${target}'\n`);
      assert.equal(await ffmpeg.probe(playlist), null);
    }
    assert.equal(asked, 0);
  });

  it("takes a file's name for nothing but a name", async () => {
    assert.equal(await ffmpeg.probe("-version"), null);
    assert.equal(await ffmpeg.probe("concat:a|b"), null);
  });
});
