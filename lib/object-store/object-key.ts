import { extname } from "node:path";

/** Longer than any key we make, shorter than what file systems take. */
const MAX_KEY = 200;

/**
 * Folders and a name of small letters, digits, `-` and `_`; the name may have one ending. There is no
 * way to write `..`, an empty part, a hidden file or an absolute path.
 */
const KEY = /^(?:[a-z0-9][a-z0-9_-]*\/)+[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]{1,5})?$/;
const FOLDER = /^(?:[a-z0-9][a-z0-9_-]*\/)*$/;

/** Types of what is stored, by the ending of its key. Nothing here is run by a browser. */
const TYPES: Readonly<Record<string, string>> = {
  ".mp4": "video/mp4",
  ".mov": "video/quicktime",
  ".webm": "video/webm",
  ".flv": "video/x-flv",
  ".ts": "video/mp2t",
  ".m4s": "video/iso.segment",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".json": "application/json",
};

export function isObjectKey(key: unknown): key is string {
  return typeof key === "string" && key.length <= MAX_KEY && KEY.test(key);
}

/** What has been published. What is still coming in is nobody's business. */
const PUBLIC = /^(?:video|cover|image|replay)\//;

/** Whether anybody may have the object of that key. */
export function isPublicKey(key: string): boolean {
  return PUBLIC.test(key) && isObjectKey(key);
}

/** Throws a RangeError for what no store may see. */
export function checkKey(key: string): void {
  if (!isObjectKey(key)) throw new RangeError("that is not the key of an object");
}

/** Throws a RangeError unless it is empty or ends with a slash, see `list`. */
export function checkFolder(folder: string): void {
  if (folder.length > MAX_KEY || !FOLDER.test(folder))
    throw new RangeError("that is not a folder of objects");
}

export function contentTypeOf(key: string): string {
  return TYPES[extname(key)] ?? "application/octet-stream";
}
