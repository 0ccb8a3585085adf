import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coverTime, type Footage, MAX_SECONDS, requireFilm } from "../../services/video/footage.ts";

const track = { kind: "video", width: 640, height: 480, isCover: false };
const footage = (more: Partial<Footage> = {}): Footage => ({
  durationSeconds: 2.5,
  tracks: [{ kind: "audio", width: 0, height: 0, isCover: false }, track],
  ...more,
});

describe("a file that was looked into", () => {
  it("is a film with its length and the size of its picture", () => {
    assert.deepEqual(requireFilm(footage()), { duration_ms: 2500, width: 640, height: 480 });
  });

  it("may leave its duration out, as browsers that record do", () => {
    assert.equal(requireFilm(footage({ durationSeconds: null })).duration_ms, 0);
  });

  it("is refused when no program can read it", () => {
    assert.throws(() => requireFilm(null), { type: "NOT_A_VIDEO" });
  });

  it("is refused with sound alone, and with a cover for a music player", () => {
    const audio = { kind: "audio", width: 0, height: 0, isCover: false };
    assert.throws(() => requireFilm(footage({ tracks: [audio] })), { type: "NO_VIDEO_TRACK" });
    const cover = { ...track, isCover: true };
    assert.throws(() => requireFilm(footage({ tracks: [audio, cover] })), {
      type: "NO_VIDEO_TRACK",
    });
  });

  it("is refused when it lasts longer than an hour", () => {
    assert.equal(requireFilm(footage({ durationSeconds: MAX_SECONDS })).duration_ms, 3_600_000);
    assert.throws(() => requireFilm(footage({ durationSeconds: MAX_SECONDS + 0.1 })), {
      type: "VIDEO_TOO_LONG",
      data: { seconds: 3601, max_seconds: 3600 },
    });
  });

  for (const [width, height] of [
    [8193, 16],
    [16, 8193],
    [8000, 8000],
  ] as const)
    it(`is refused with a picture of ${width} × ${height}`, () => {
      assert.throws(() => requireFilm(footage({ tracks: [{ ...track, width, height }] })), {
        type: "PICTURE_TOO_LARGE",
      });
    });

  it("is refused with a picture of no size", () => {
    assert.throws(() => requireFilm(footage({ tracks: [{ ...track, width: 0 }] })), {
      type: "NOT_A_VIDEO",
    });
  });
});

it("a cover is taken after one second, or early in a shorter film", () => {
  const at = (duration_ms: number) => coverTime({ duration_ms, width: 1, height: 1 });
  assert.deepEqual([at(60_000), at(1_500), at(0)], [1, 0.5, 0]);
});
