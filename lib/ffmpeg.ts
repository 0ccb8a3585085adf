import { runTool, ToolError } from "./run-tool.ts";

/** What ffprobe says about one track of a file. */
export interface ProbedTrack {
  kind: "video" | "audio" | "other";
  /** 0 when unknown, and for tracks without a picture. */
  width: number;
  height: number;
  /** A picture for a music player, not a film. */
  isCover: boolean;
}

/** What ffprobe says about a file. */
export interface Probed {
  /** Null when the file does not say. */
  durationSeconds: number | null;
  tracks: ProbedTrack[];
}

/** What is asked of ffmpeg; files are local paths. */
export interface VideoTools {
  /**
   * Reads what a file says of itself; null when it cannot be read as MP4, MOV, Matroska or WebM.
   *
   * @throws ToolError when ffprobe is not installed, takes too long or is aborted
   */
  probe(file: string, signal?: AbortSignal): Promise<Probed | null>;
  /**
   * The picture at a time of the film as a JPEG, at most {@link FRAME_SIDE} pixels wide and high and
   * turned the way players show it; null when there is none that can be decoded.
   *
   * @throws ToolError as above
   */
  frame(file: string, atSeconds: number, signal?: AbortSignal): Promise<Buffer | null>;
}

/** Pixels of a frame's longer side, at most. */
export const FRAME_SIDE = 1280;

const PROBE_MS = 20_000;
const FRAME_MS = 30_000;
const MAX_DESCRIPTION = 1_000_000;
const MAX_FRAME = 8_000_000;
/** Pixels of a picture that is decoded, at most: 8K, and the lines that codecs add. */
const MAX_PIXELS = 36_000_000;

/**
 * What any input is read with: from the disk only (a playlist could name other files and hosts), as
 * nothing but the containers that are taken, in blocks of bounded size, on one thread.
 */
const CAREFULLY = [
  "-v",
  "error",
  "-protocol_whitelist",
  "file",
  "-format_whitelist",
  "mov,matroska",
  "-max_streams",
  "32",
  "-max_alloc",
  String(256 * 1024 * 1024),
  "-threads",
  "1",
];

/** A file name that cannot be taken for an option or for another protocol. */
const input = (file: string) => `file:${file}`;

/** The ffmpeg and ffprobe of this machine. */
export const ffmpeg: VideoTools = {
  async probe(file, signal) {
    const wanted =
      "format=duration:stream=codec_type,width,height,duration:stream_disposition=attached_pic";
    const args = [...CAREFULLY, "-of", "json", "-show_entries", wanted, input(file)];
    const output = await unlessUnreadable(
      runTool({
        command: "ffprobe",
        args,
        timeoutMs: PROBE_MS,
        maxOutput: MAX_DESCRIPTION,
        ...(signal && { signal }),
      }),
    );
    return output === null ? null : readProbe(output.toString());
  },

  async frame(file, atSeconds, signal) {
    const side = `'min(${FRAME_SIDE},iw)':'min(${FRAME_SIDE},ih)'`;
    const args = [
      ...CAREFULLY,
      // A film may grow in the middle; what its description says was looked at before.
      "-max_pixels",
      String(MAX_PIXELS),
      "-ss",
      atSeconds.toFixed(3),
      "-i",
      input(file),
      ..."-map 0:V:0 -frames:v 1 -an -sn -dn -vf".split(" "),
      `scale=${side}:force_original_aspect_ratio=decrease,format=yuvj420p`,
      ..."-c:v mjpeg -q:v 4 -map_metadata -1 -f image2pipe".split(" "),
      "pipe:1",
    ];
    const picture = await unlessUnreadable(
      runTool({
        command: "ffmpeg",
        args: ["-nostdin", ...args],
        timeoutMs: FRAME_MS,
        maxOutput: MAX_FRAME,
        ...(signal && { signal }),
      }),
    );
    return picture === null || picture.length === 0 ? null : picture;
  },
};

/** A program that ran and said no has judged the file; all else says nothing about it. */
async function unlessUnreadable(output: Promise<Buffer>): Promise<Buffer | null> {
  try {
    return await output;
  } catch (error) {
    const { problem } = error as { problem?: unknown };
    if (error instanceof ToolError && (problem === "failed" || problem === "too-much-output"))
      return null;
    throw error;
  }
}

interface Described {
  streams?: {
    codec_type?: string;
    width?: number;
    height?: number;
    duration?: string;
    disposition?: { attached_pic?: number };
  }[];
  format?: { duration?: string };
}

/** ffprobe's JSON; null when it describes nothing. */
export function readProbe(json: string): Probed | null {
  const { streams = [], format } = JSON.parse(json) as Described;
  if (format === undefined) return null;
  const durations = [format.duration, ...streams.map(({ duration }) => duration)]
    .map(Number)
    .filter((seconds) => Number.isFinite(seconds));
  return {
    durationSeconds: durations.length === 0 ? null : Math.max(...durations),
    tracks: streams.map((stream) => ({
      kind:
        stream.codec_type === "video" || stream.codec_type === "audio"
          ? stream.codec_type
          : "other",
      width: stream.width ?? 0,
      height: stream.height ?? 0,
      isCover: stream.disposition?.attached_pic === 1,
    })),
  };
}
